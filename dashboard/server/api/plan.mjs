// Operations of a scheme: whom to contact, who was contacted, and who falls when.
import { nameOf } from '../schemes.mjs';

const ROWS = 200;
const DUE = "x.state IN ('never', 'overdue', 'due')";

// one row more than is shown tells that there are more
export async function plan({ ask, scheme, parameters }) {
  const rows = await ask(
    `
    SELECT x.customer::text AS customer, ${await nameOf(ask, scheme)} AS name, x.tier, x.owner, x.state, x.due_on,
           x.days_overdue, x.last_contact, x.done, x.contacts_min, x.value
    FROM ${scheme.view('_plan')} AS x
    WHERE ${DUE} AND ($1 = '' OR x.owner = $1)
    ORDER BY x.priority, x.state <> 'never', x.days_overdue DESC, x.value DESC, x.customer
    LIMIT ${ROWS + 1}`,
    [parameters.text('owner')],
  );
  return { rows, most: ROWS };
}

export function planOwners({ ask, scheme }) {
  return ask(`
    SELECT x.owner, count(*) AS contacts
    FROM ${scheme.view('_plan')} AS x
    WHERE ${DUE} AND x.owner IS NOT NULL
    GROUP BY 1
    ORDER BY 1
    LIMIT 500`);
}

export function coverage({ ask, scheme }) {
  return ask(`
    SELECT tier, customer_group, heads, seen, coverage, target, gap, contacts, contact_share, value_share, on_plan
    FROM ${scheme.view('_coverage')}
    ORDER BY tier_rank DESC NULLS LAST, customer_group
    LIMIT ${ROWS}`);
}

// by day and tier, and those who fall first; the view is read once
export async function falling({ ask, scheme }) {
  const [found] = await ask(`
    WITH f AS MATERIALIZED (SELECT * FROM ${scheme.view('_falling')})
    SELECT (SELECT coalesce(json_agg(d ORDER BY falls_on, tier_rank DESC, falls_to), '[]')
            FROM (SELECT falls_on, tier, tier_rank, falls_to, count(*) AS heads
                  FROM f
                  GROUP BY falls_on, tier, tier_rank, falls_to
                  ORDER BY falls_on, tier_rank DESC, falls_to
                  LIMIT ${ROWS}) AS d) AS days,
           (SELECT coalesce(json_agg(r ORDER BY place), '[]')
            FROM (SELECT x.customer::text AS customer, ${await nameOf(ask, scheme)} AS name, x.tier, x.since,
                         x.falls_on, x.falls_to, x.missing,
                         row_number() OVER (ORDER BY x.falls_on, x.tier_rank DESC, x.missing, x.customer) AS place
                  FROM f AS x
                  ORDER BY place
                  LIMIT ${ROWS + 1}) AS r) AS rows`);
  return { ...found, most: ROWS };
}

// what is ahead of one customer
export async function ahead({ ask, scheme, parameters }) {
  const of = async (suffix, columns) =>
    scheme.has(suffix, 'customer')
      ? (
          await ask(
            `SELECT ${columns} FROM ${scheme.view(suffix)} WHERE customer = $1::${scheme.customerType}`,
            [parameters.text('customer')],
          )
        )[0]
      : undefined;
  return {
    plan: await of('_plan', 'owner, state, due_on, days_overdue, last_contact, done, contacts_min, contacts_max'),
    falling: await of('_falling', 'falls_on, falls_to, missing'),
  };
}
