EXTENSION = customer_tier
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(SRCDIR)customer_tier.control)
# empty in the tree, "path/" in a VPATH build
SRCDIR = $(if $(VPATH),$(firstword $(subst :, ,$(VPATH)))/)

MODULE_big = customer_tier
OBJS = \
	src/module.o \
	src/amount.o \
	src/day.o \
	src/ledger.o \
	src/ledger_log.o \
	src/ledger_io.o \
	src/ledger_agg.o \
	src/ledger_ops.o \
	src/measures.o \
	src/scatter.o \
	src/roll_up.o \
	src/sample.o \
	src/cuts.o \
	src/pareto.o \
	src/classes.o

SQL_MODULES = \
	sql/modules/00_guard.sql \
	sql/modules/10_ledger.sql \
	sql/modules/20_ledger_agg.sql \
	sql/modules/30_measures.sql \
	sql/modules/40_roll_up.sql \
	sql/modules/50_cuts.sql \
	sql/modules/60_classes.sql

INSTALL_SQL = sql/customer_tier--$(EXTVERSION).sql
DATA_built = $(INSTALL_SQL)
EXTRA_CLEAN = sql/customer_tier--*.sql

REGRESS = ledger
REGRESS_OPTS = --inputdir=$(or $(SRCDIR),.)/test --outputdir=test --load-extension=customer_tier

PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare $(CT_CFLAGS)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(INSTALL_SQL): $(SQL_MODULES)
	mkdir -p $(@D)
	cat $^ > $@
