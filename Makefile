EXTENSION = customer_tier
MODULE_big = customer_tier

# "path/" in a VPATH build, nothing in the tree
SRCDIR := $(addsuffix /,$(firstword $(subst :, ,$(VPATH))))
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(SRCDIR)customer_tier.control)

# A room uses only rooms before it, see doc/architecture.md
ROOMS = base ledger rollup cuts value capture grading operations pictures

base = module error_context amount day names query composite decimal customer_context
ledger = entries ledger_reader ledger order_tag ledger_log ledger_io ledger_agg ledger_ops day_window measures \
	calendar
rollup = sale scatter customer_sales sales_query roll_up
cuts = select_sorted arguments value_state cuts natural classes rfm weighted_score normalise \
	concentration window_functions
value = special beta_purchases newton customer_counts bgnbd pareto_nbd bgbb gamma_gamma fit predict history \
	formulas named_model
capture = mutable expression as_owner owner_command may_commit state source_view flat_view source_state view_join \
	view_links view_tables packed_sales table_writer queue gather captures capture ledger_table ledger_of merge \
	live_ledger watched noted_rows matview_stale
grading = declarations columns rule grade shape empty_scores bulk_insert grading graded_rows first_refresh \
	graded_relations grade_customers sum_measure tiers
operations = pool balance placement allocation turned customer_order allocate points referrals cohorts surveys \
	read_query
pictures = text number words options canvas input curves rows flow grids quadrant trend
OBJS = $(foreach room,$(ROOMS),$(patsubst %,src/$(room)/%.o,$($(room))))

SQL_base = guard
SQL_ledger = ledger ledger_agg measures calendar
SQL_rollup = roll_up
SQL_cuts = cuts classes concentration lookups
SQL_value = formulas models predictions
SQL_capture = owner source_views sources queues track refresh_source alter_source close_source source_health \
	watched stale
SQL_grading = models axes schemes rules grading refresh_statement refresh_scheme preset_options presets \
	scheme_views scheme_tables scheme_definition scheme_questions scheme_use life suggest
SQL_operations = queries periods balance points referrals word_of_mouth drivers retention funnel surveys \
	scheme_parts policy contacts falling scheme_drivers scheme_views allocations allocate forget merge
SQL_pictures = svg words scheme_figures scheme_pictures picture report
SQL_MODULES = $(foreach room,$(ROOMS),$(patsubst %,sql/modules/$(room)/%.sql,$(SQL_$(room))))

INSTALL_SQL = sql/customer_tier--$(EXTVERSION).sql
DATA_built = $(INSTALL_SQL)
EXTRA_CLEAN = sql/customer_tier--*.sql test/results test/regression.diffs test/regression.out .built_for

REGRESS = setup ledger ledger_agg roll_up measures calendar cuts natural classes encoding concentration value \
	capture joins stale many orders schemes spread several presets messages tiers suggest seen life lives replay \
	history operations operations_contacts operations_allocations operations_merge operations_falling \
	operations_hostile pictures faults models numbers crashes hostile catalog
# The directory that installcheck writes to; users who cannot write here set another one
REGRESS_OUTPUT ?= test
REGRESS_OPTS = --inputdir=$(or $(SRCDIR),./)test --outputdir=$(REGRESS_OUTPUT) --load-extension=customer_tier
REGRESS_PREP = regress-output

PG_CPPFLAGS = -I$(SRCDIR)src -DCUSTOMER_TIER_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wextra -Wno-unused-parameter -Wno-sign-compare $(CT_CFLAGS)

PG_CONFIG ?= pg_config

OWN_SERVER = demo demo-stop dashboard check check-dashboard check-long check-upgrade check-roots check-clusters \
	check-sanitized check-pictures bench bench-capture bench-schemes bench-operations bench-scale bench-dashboard
ifneq ($(filter $(OWN_SERVER),$(MAKECMDGOALS)),)

# These use a private server, see scripts/lib.sh
demo:
	@$(SRCDIR)scripts/demo
demo-stop:
	@$(SRCDIR)scripts/demo stop
dashboard:
	@$(SRCDIR)scripts/dashboard
check:
	@$(SRCDIR)scripts/check
check-dashboard:
	@$(SRCDIR)scripts/check-dashboard
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
check-pictures:
	@$(SRCDIR)scripts/check-pictures
bench:
	@$(SRCDIR)bench/run
bench-capture:
	@$(SRCDIR)bench/capture
bench-schemes:
	@$(SRCDIR)bench/schemes
bench-operations:
	@$(SRCDIR)bench/operations
bench-scale:
	@$(SRCDIR)bench/scale
bench-dashboard:
	@$(SRCDIR)bench/dashboard
.PHONY: $(OWN_SERVER)

else

# libpq's development package has pgxs.mk as well, so look for the server headers
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifeq ($(and $(PGXS),$(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h)),)
MAJOR := $(firstword $(subst ., ,$(word 2,$(shell $(PG_CONFIG) --version 2>/dev/null))))
$(error $(PG_CONFIG) leads to no PostgreSQL server headers (Debian: postgresql-server-dev-$(or $(MAJOR),all)); \
make demo and make check install what they need)
endif
include $(PGXS)

ifneq ($(SRCDIR),)
$(shell mkdir -p $(addprefix src/,$(ROOMS)) sql test)
endif

# pg_regress does not tell what to do if it cannot write
.PHONY: regress-output
regress-output:
	@mkdir -p "$(REGRESS_OUTPUT)" 2>/dev/null; \
	for file in "$(REGRESS_OUTPUT)" $(wildcard $(REGRESS_OUTPUT)/regression.out $(REGRESS_OUTPUT)/results); do \
		[ -w "$$file" ] && continue; \
		echo "$$file cannot be written: use make installcheck REGRESS_OUTPUT=DIRECTORY" >&2; \
		exit 1; \
	done

# Objects fit one server; rebuild them if they were built for another one
BUILT_FOR := $(shell $(PG_CONFIG) --version) $(shell $(PG_CONFIG) --includedir-server)
ifneq ($(BUILT_FOR),$(shell cat .built_for 2>/dev/null))
.built_for: FORCE
	@{ echo '$(BUILT_FOR)' >$@; } 2>/dev/null || { echo \
		"cannot write here: in another directory, make -f '$(CURDIR)/Makefile' VPATH='$(CURDIR)'" >&2; false; }
FORCE:
.PHONY: FORCE
endif

$(OBJS) $(OBJS:.o=.bc): .built_for $(wildcard $(SRCDIR)src/*/*.h)

$(INSTALL_SQL): $(SQL_MODULES) $(SRCDIR)customer_tier.control
	cat $(filter %.sql,$^) > $@

endif
