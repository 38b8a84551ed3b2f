/*
 * number.c
 *		Numbers of a picture as text, without a locale and without printf's.
 */
#include "pictures/number.h"

#include <math.h>

#include "lib/stringinfo.h"

/* With so many decimals, halves to even; for what is less than 1e15. */
char *
ct_fixed(double value, int decimals)
{
	int64		unit = 1;
	int64		scaled;

	for (int i = 0; i < decimals; i++)
		unit *= 10;
	scaled = (int64) rint(fabs(value) * unit);
	if (decimals == 0)
		return psprintf("%s" INT64_FORMAT, value < 0 && scaled > 0 ? "-" : "", scaled);
	return psprintf("%s" INT64_FORMAT ".%0*d", value < 0 && scaled > 0 ? "-" : "", scaled / unit, decimals,
					(int) (scaled % unit));
}

/* without zeros behind the point that say nothing */
static char *
trimmed(char *number)
{
	char	   *end = number + strlen(number);

	if (strchr(number, '.') == NULL)
		return number;
	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	*end = '\0';
	return number;
}

/* three digits that count, of what is at least one */
static char *
three_digits(double value)
{
	double		size = fabs(value);

	return trimmed(ct_fixed(value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0));
}

/* 1234567 as 1,234,567 */
static char *
grouped(double value)
{
	char	   *digits = ct_fixed(value, 0);
	StringInfoData out;

	initStringInfo(&out);
	for (const char *at = digits; *at != '\0'; at++)
	{
		if (at > digits && at[-1] != '-' && strlen(at) % 3 == 0)
			appendStringInfoChar(&out, ',');
		appendStringInfoChar(&out, *at);
	}
	return out.data;
}

/*
 * A number as readers want it: whole ones below a million in full, others with three
 * digits; from a million on in the units of the language.
 */
char *
ct_number(bool chinese, double value)
{
	static const struct
	{
		double		size;
		const char *unit;
	}			in_english[] = {{1e12, " tn"}, {1e9, " bn"}, {1e6, " M"}},
				in_chinese[] = {{1e12, "\xe4\xb8\x87\xe4\xba\xbf"}, {1e8, "\xe4\xba\xbf"}, {1e4, "\xe4\xb8\x87"}};
	double		size = fabs(value);
	int			exponent = 0;

	if (value < 0)
		return psprintf("\xe2\x88\x92%s", ct_number(chinese, -value));
	if (size >= 999.5e12)
	{
		for (; fabs(value) >= 9.995; exponent++)
			value /= 10;
		return psprintf("%se%d", three_digits(value), exponent);
	}
	for (int i = 0; i < lengthof(in_english); i++)
	{
		double		unit = chinese ? in_chinese[i].size : in_english[i].size;

		if (size >= Max(unit, 1e6) * 0.9995)
			return psprintf("%s%s", three_digits(value / unit), chinese ? in_chinese[i].unit : in_english[i].unit);
	}
	if (size == rint(size) || size >= 999.5)
		return grouped(value);
	if (size >= 1)
		return three_digits(value);
	return trimmed(ct_fixed(value, size >= 0.01 ? 3 : 6));
}

/* The same with its sign, for a change. */
char *
ct_signed(bool chinese, double value)
{
	return psprintf(value > 0 ? "+%s" : "%s", ct_number(chinese, value));
}

/* A fraction as per cent. */
char *
ct_percent(double share)
{
	double		percent = 100 * share;

	if (percent > 0 && percent < 0.05)
		return pstrdup("<0.1%");
	if (fabs(percent) >= 1e12)
		return pstrdup(percent < 0 ? "<-1e12%" : ">1e12%");
	return psprintf("%s%%", trimmed(ct_fixed(percent, fabs(percent) < 99.95 ? 1 : 0)));
}

/* The same with one decimal always, where such figures stand below each other. */
char *
ct_part(double share)
{
	if (share > 0 && share < 0.9995 && share >= 0.0005)
		return psprintf("%s%%", ct_fixed(100 * share, 1));
	return ct_percent(share);
}

/* The step, 1, 2 or 5 by a power of ten, with which about so many ticks cover a range. */
double
ct_tick_step(double range, int ticks)
{
	double		step = 1;

	if (!(range > 0))
		return 1;
	while (step * ticks < range)
		step *= 10;
	while (step * ticks >= range * 10)
		step /= 10;
	return step * ticks >= range * 5 ? step / 5 : step * ticks >= range * 2 ? step / 2 : step;
}
