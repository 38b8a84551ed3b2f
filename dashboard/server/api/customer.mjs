// One customer: the row, how far to the next line, the history, the ledger.
import { Refusal } from '../refusal.mjs';
import { attributes } from '../schemes.mjs';

export async function customer({ ask, scheme, parameters }) {
  const key = [parameters.text('customer')];
  const { join, shown } = await attributes(ask, scheme);
  const [row] = await ask(
    `
    SELECT ${shown}, x.customer::text AS customer
    FROM ${scheme.view('')} AS x ${join}
    WHERE x.customer = $1::${scheme.customerType}`,
    key,
  );
  if (!row) {
    throw new Refusal(404, `${scheme.name} has no customer ${key}`);
  }
  return row;
}

export function progress({ ask, scheme, parameters }) {
  return ask(
    `
    SELECT axis, value, score, changed, line_to_stay, margin, line_to_rise, gap
    FROM ${scheme.view('_progress')}
    WHERE customer = $1::${scheme.customerType}
    LIMIT 100`,
    [parameters.text('customer')],
  );
}

export function history({ ask, scheme, parameters }) {
  return ask(
    `
    SELECT tier, tier_rank, valid_from, valid_to, is_current, previous_tier, change, reason, note, status
    FROM ${scheme.view('_history')}
    WHERE customer = $1::${scheme.customerType}
    ORDER BY valid_from DESC
    LIMIT 500`,
    [parameters.text('customer')],
  );
}

// days of two years, the last first
export function ledger({ ask, scheme, parameters }) {
  return ask(
    `
    SELECT day, sum(purchases) AS purchases, sum(other_rows) AS other_rows, sum(amount) AS amount
    FROM customer_tier.entries(customer_tier.ledger_of($1::text::regclass, $2::${scheme.customerType}))
    WHERE day > $3::date - 731
    GROUP BY day
    ORDER BY day DESC
    LIMIT 800`,
    [scheme.rule.source, parameters.text('customer'), scheme.rule.as_of],
  );
}
