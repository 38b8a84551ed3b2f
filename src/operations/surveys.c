/*
 * surveys.c
 *		What customers were asked: the net promoter score, and who is satisfied.
 *
 * The state of the aggregates is an array of counts: answers, of them the good and the bad ones.
 */
#include "base/compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/array.h"

PG_FUNCTION_INFO_V1(ct_nps_accumulate);
PG_FUNCTION_INFO_V1(ct_csat_accumulate);
PG_FUNCTION_INFO_V1(ct_survey_combine);
PG_FUNCTION_INFO_V1(ct_nps_final);
PG_FUNCTION_INFO_V1(ct_csat_final);

#define ANSWERS		0
#define GOOD		1
#define BAD			2
#define COUNTS		3

#define PROMOTER	9
#define DETRACTOR	6
#define NPS_MOST	10

/* the counts of a state, which may be anybody's */
static int64 *
get_counts(ArrayType *state)
{
	int64	   *count;

	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] != COUNTS || ARR_HASNULL(state) || ARR_ELEMTYPE(state) != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("not the state of a survey")));
	count = (int64 *) ARR_DATA_PTR(state);
	if (count[ANSWERS] < 0 || count[GOOD] < 0 || count[BAD] < 0 ||
		count[GOOD] > count[ANSWERS] || count[BAD] > count[ANSWERS] - count[GOOD])
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("not the state of a survey")));
	return count;
}

/* the state, changed where it is an aggregate's own */
static ArrayType *
get_state(FunctionCallInfo fcinfo)
{
	return AggCheckCallContext(fcinfo, NULL) ? PG_GETARG_ARRAYTYPE_P(0) : PG_GETARG_ARRAYTYPE_P_COPY(0);
}

static double
get_answer(FunctionCallInfo fcinfo, int arg)
{
	double		answer = PG_GETARG_FLOAT8(arg);

	if (isnan(answer) || isinf(answer))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a score must be a finite number")));
	return answer;
}

static Datum
add_answer(ArrayType *state, bool good, bool bad)
{
	int64	   *count = get_counts(state);

	if (count[ANSWERS] == PG_INT64_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("too many answers")));
	count[ANSWERS]++;
	count[GOOD] += good;
	count[BAD] += bad;
	PG_RETURN_ARRAYTYPE_P(state);
}

/* nps(score): promoters say 9 or 10, detractors 0 to 6 */
Datum
ct_nps_accumulate(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_state(fcinfo);
	double		score = get_answer(fcinfo, 1);

	if (score < 0 || score > NPS_MOST || score != floor(score))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a score of nps must be a whole number from 0 to %d", NPS_MOST)));
	return add_answer(state, score >= PROMOTER, score <= DETRACTOR);
}

/* csat(score, satisfied_from) */
Datum
ct_csat_accumulate(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_state(fcinfo);

	return add_answer(state, get_answer(fcinfo, 1) >= get_answer(fcinfo, 2), false);
}

Datum
ct_survey_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_state(fcinfo);
	int64	   *count = get_counts(state);
	int64	   *other = get_counts(PG_GETARG_ARRAYTYPE_P(1));

	for (int i = 0; i < COUNTS; i++)
		if (pg_add_s64_overflow(count[i], other[i], &count[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("too many answers")));
	PG_RETURN_ARRAYTYPE_P(state);
}

Datum
ct_nps_final(PG_FUNCTION_ARGS)
{
	int64	   *count = get_counts(PG_GETARG_ARRAYTYPE_P(0));

	if (count[ANSWERS] == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(100.0 * (double) (count[GOOD] - count[BAD]) / (double) count[ANSWERS]);
}

Datum
ct_csat_final(PG_FUNCTION_ARGS)
{
	int64	   *count = get_counts(PG_GETARG_ARRAYTYPE_P(0));

	if (count[ANSWERS] == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) count[GOOD] / (double) count[ANSWERS]);
}
