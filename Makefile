EXTENSION = customer_tier
MODULE_big = customer_tier

# "path/" in a VPATH build, nothing in the tree
SRCDIR := $(addsuffix /,$(firstword $(subst :, ,$(VPATH))))
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(SRCDIR)customer_tier.control)

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
	src/sale.o \
	src/scatter.o \
	src/roll_up.o \
	src/sale_expression.o \
	src/as_owner.o \
	src/may_commit.o \
	src/stale.o \
	src/queue.o \
	src/capture.o src/deltas.o \
	src/order.o \
	src/sample.o \
	src/rows.o \
	src/cuts.o \
	src/natural.o \
	src/classes.o \
	src/rfm.o \
	src/concentration.o \
	src/partition.o \
	src/special.o \
	src/beta_purchases.o \
	src/newton.o \
	src/customer_counts.o \
	src/bgnbd.o \
	src/pareto_nbd.o \
	src/bgbb.o \
	src/gamma_gamma.o \
	src/fit.o \
	src/predict.o \
	src/value.o \
	src/named.o

SQL_MODULES = \
	sql/modules/00_guard.sql \
	sql/modules/10_ledger.sql \
	sql/modules/20_ledger_agg.sql \
	sql/modules/30_measures.sql \
	sql/modules/40_roll_up.sql \
	sql/modules/50_cuts.sql \
	sql/modules/60_classes.sql \
	sql/modules/70_concentration.sql \
	sql/modules/75_value.sql \
	sql/modules/80_lookups.sql \
	sql/modules/90_sources.sql \
	sql/modules/91_models.sql \
	sql/modules/92_stale.sql \
	sql/modules/93_schemes.sql \
	sql/modules/94_grading.sql \
	sql/modules/95_presets.sql \
	sql/modules/96_scheme_definition.sql \
	sql/modules/97_scheme_use.sql

INSTALL_SQL = sql/customer_tier--$(EXTVERSION).sql
DATA_built = $(INSTALL_SQL)
EXTRA_CLEAN = sql/customer_tier--*.sql test/results test/regression.diffs test/regression.out

REGRESS = setup ledger ledger_agg roll_up measures cuts natural classes concentration value capture stale schemes replay history faults models hostile catalog
REGRESS_OPTS = --inputdir=$(or $(SRCDIR),./)test --outputdir=test --load-extension=customer_tier

PG_CFLAGS = -Wextra -Wno-unused-parameter -Wno-sign-compare $(CT_CFLAGS)

PG_CONFIG ?= pg_config

OWN_SERVER = demo demo-stop check check-long check-sanitized bench bench-capture bench-schemes
ifneq ($(filter $(OWN_SERVER),$(MAKECMDGOALS)),)

# These bring a server of their own, see scripts/lib.sh
demo:
	@$(SRCDIR)scripts/demo
demo-stop:
	@$(SRCDIR)scripts/demo stop
check:
	@$(SRCDIR)scripts/check
check-long:
	@$(SRCDIR)scripts/check long
check-sanitized:
	@$(SRCDIR)scripts/check-sanitized
bench:
	@$(SRCDIR)bench/run
bench-capture:
	@$(SRCDIR)bench/capture
bench-schemes:
	@$(SRCDIR)bench/schemes
.PHONY: $(OWN_SERVER)

else

PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifeq ($(PGXS),)
$(error $(PG_CONFIG) leads to no PostgreSQL server headers (Debian: postgresql-server-dev-NN); make demo and make check install what they need)
endif
include $(PGXS)

ifneq ($(SRCDIR),)
$(shell mkdir -p src sql test)
endif

$(OBJS): $(wildcard $(SRCDIR)src/*.h)

$(INSTALL_SQL): $(SQL_MODULES) $(SRCDIR)customer_tier.control
	cat $(filter %.sql,$^) > $@

endif
