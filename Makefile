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
	src/query.o \
	src/sales_query.o \
	src/roll_up.o \
	src/names.o \
	src/expression.o \
	src/as_owner.o \
	src/may_commit.o \
	src/source_view.o \
	src/flat_view.o \
	src/state.o \
	src/source_state.o \
	src/view_links.o \
	src/packed_sales.o \
	src/table_writer.o \
	src/queue.o \
	src/gather.o \
	src/captures.o \
	src/capture.o \
	src/merge.o \
	src/live_ledger.o \
	src/watched.o \
	src/noted_rows.o \
	src/matview_stale.o \
	src/order.o \
	src/sample.o \
	src/rows.o \
	src/cuts.o \
	src/natural.o \
	src/classes.o \
	src/decimal.o \
	src/weighted_score.o \
	src/rfm.o \
	src/concentration.o \
	src/partition.o \
	src/columns.o \
	src/grade.o \
	src/bulk_insert.o \
	src/graded_rows.o \
	src/first_refresh.o \
	src/graded_relations.o \
	src/grading.o \
	src/tiers.o \
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
	sql/modules/82_owner.sql \
	sql/modules/83_source_views.sql \
	sql/modules/84_sources.sql \
	sql/modules/85_queues.sql \
	sql/modules/86_track.sql \
	sql/modules/87_refresh_source.sql \
	sql/modules/88_alter_source.sql \
	sql/modules/89_source_health.sql \
	sql/modules/90_watched.sql \
	sql/modules/91_models.sql \
	sql/modules/92_stale.sql \
	sql/modules/93_schemes.sql \
	sql/modules/94_grading.sql \
	sql/modules/94_refresh_scheme.sql \
	sql/modules/95_presets.sql \
	sql/modules/96_scheme_views.sql \
	sql/modules/96_scheme_definition.sql \
	sql/modules/97_scheme_use.sql

INSTALL_SQL = sql/customer_tier--$(EXTVERSION).sql
DATA_built = $(INSTALL_SQL)
EXTRA_CLEAN = sql/customer_tier--*.sql test/results test/regression.diffs test/regression.out .built_for

REGRESS = setup ledger ledger_agg roll_up measures cuts natural classes encoding concentration value capture joins stale many schemes tiers seen replay history faults models numbers crashes hostile catalog
# where installcheck writes: another directory for who may not write here
REGRESS_OUTPUT ?= test
REGRESS_OPTS = --inputdir=$(or $(SRCDIR),./)test --outputdir=$(REGRESS_OUTPUT) --load-extension=customer_tier
REGRESS_PREP = regress-output

PG_CFLAGS = -Wextra -Wno-unused-parameter -Wno-sign-compare $(CT_CFLAGS)

PG_CONFIG ?= pg_config

OWN_SERVER = demo demo-stop check check-long check-upgrade check-roots check-clusters check-sanitized bench bench-capture bench-schemes
ifneq ($(filter $(OWN_SERVER),$(MAKECMDGOALS)),)

# These bring a server of their own, see scripts/lib.sh
demo:
	@$(SRCDIR)scripts/demo
demo-stop:
	@$(SRCDIR)scripts/demo stop
check:
	@$(SRCDIR)scripts/check
check-upgrade:
	@$(SRCDIR)scripts/check-upgrade
check-long:
	@$(SRCDIR)scripts/check long
check-roots:
	@$(SRCDIR)scripts/check-roots
check-clusters:
	@$(SRCDIR)scripts/check-clusters $(KINDS)
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

# The client's package has pgxs.mk as well: the headers tell
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifeq ($(and $(PGXS),$(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h)),)
MAJOR := $(firstword $(subst ., ,$(word 2,$(shell $(PG_CONFIG) --version 2>/dev/null))))
$(error $(PG_CONFIG) leads to no PostgreSQL server headers (Debian: postgresql-server-dev-$(or $(MAJOR),all)); \
make demo and make check install what they need)
endif
include $(PGXS)

ifneq ($(SRCDIR),)
$(shell mkdir -p src sql test)
endif

# pg_regress would not say what to do
.PHONY: regress-output
regress-output:
	@mkdir -p "$(REGRESS_OUTPUT)" 2>/dev/null; \
	for file in "$(REGRESS_OUTPUT)" $(wildcard $(REGRESS_OUTPUT)/regression.out $(REGRESS_OUTPUT)/results); do \
		[ -w "$$file" ] || { echo "$$file cannot be written: say make installcheck REGRESS_OUTPUT=DIRECTORY" >&2; exit 1; }; \
	done

# Objects are of one server: those made for another one are made anew
BUILT_FOR := $(shell $(PG_CONFIG) --version) $(shell $(PG_CONFIG) --includedir-server)
ifneq ($(BUILT_FOR),$(shell cat .built_for 2>/dev/null))
.built_for: FORCE
	@{ echo '$(BUILT_FOR)' >$@; } 2>/dev/null || { echo \
		"cannot write here: in another directory, make -f '$(CURDIR)/Makefile' VPATH='$(CURDIR)'" >&2; false; }
FORCE:
.PHONY: FORCE
endif

$(OBJS) $(OBJS:.o=.bc): .built_for $(wildcard $(SRCDIR)src/*.h)

$(INSTALL_SQL): $(SQL_MODULES) $(SRCDIR)customer_tier.control
	cat $(filter %.sql,$^) > $@

endif
