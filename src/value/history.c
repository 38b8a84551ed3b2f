/*
 * history.c
 *		The history of a customer that the value models use, from a ledger.
 */
#include "value/history.h"

/*
 * ct_ledger_history
 *		Gets x, t_x, t and m of a ledger as of a day; false without a purchase by then.
 *
 * Times are in units of "unit" days.  The purchases of a day count as one.  m is the
 * sum of all amounts after the first day, returns included, divided by x.
 */
bool
ct_ledger_history(const Ledger *l, DateADT as_of, double unit, double *history)
{
	LedgerReader r;
	LedgerEntry e;
	int128		money = 0;
	int64		days = 0;
	DateADT		first = 0;
	DateADT		last = 0;

	ct_ledger_read(l, &r);
	if (r.head.purchase_days > 0 && r.head.last_day <= as_of)
	{
		/* all entries count, so the head has everything but the amounts of the first day */
		days = r.head.purchase_days;
		first = r.head.first_purchase;
		last = r.head.last_purchase;
		money = r.head.total;
		while (days > 1 && ct_ledger_next(&r, &e) && e.day <= first)
			money -= e.amount;
	}
	else
	{
		ct_ledger_read_until(l, &r, (int64) as_of + 1);
		while (ct_ledger_next(&r, &e) && e.day <= as_of)
		{
			/* of a day with several entries, any may be the first that is a purchase */
			if (days > 0 && e.day > first)
				money += e.amount;
			if (e.purchases > 0)
			{
				if (days == 0)
					first = e.day;
				if (days == 0 || e.day != last)
					days++;
				last = e.day;
			}
		}
	}
	if (days == 0)
		return false;
	history[0] = days - 1;
	history[1] = (last - first) / unit;
	history[2] = ((double) as_of - first) / unit;
	history[3] = days > 1 && money > 0 ? (double) money / ct_pow10[r.head.scale] / (days - 1) : 0;
	return true;
}
