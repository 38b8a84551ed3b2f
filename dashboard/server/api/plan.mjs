// The plan of the day: views of operations beside the scheme, with whatever columns they have.
import { quoted } from '../identifiers.mjs';

const ROWS = 500;
const DUE = ['never', 'overdue', 'due'];

export async function plan({ ask, scheme, parameters }) {
  const values = [];
  const where = ['true'];
  const owner = parameters.text('owner');
  if (owner !== '' && scheme.has('_plan', 'owner')) {
    where.push(`owner::text = $${values.push(owner)}`);
  }
  if (scheme.has('_plan', 'state')) {
    where.push(`state::text = ANY ($${values.push(DUE)})`);
  }
  // never contacted first, then by what is overdue
  const order = ['priority', 'state', 'days_overdue', 'tier_rank', 'customer']
    .filter((name) => scheme.has('_plan', name))
    .map((name) => ({ state: "state::text <> 'never'", priority: 'priority' })[name] ??
      `${quoted(name)}${name === 'customer' ? '' : ' DESC NULLS FIRST'}`);
  return {
    columns: scheme.columns('_plan'),
    rows: await ask(`
      SELECT * FROM ${scheme.view('_plan')} WHERE ${where.join(' AND ')}
      ${order.length ? `ORDER BY ${order.join(', ')}` : ''} LIMIT ${ROWS + 1}`, values),
    most: ROWS,
  };
}

export async function planOwners({ ask, scheme }) {
  return scheme.has('_plan', 'owner') ? ask(`
    SELECT owner::text AS owner, count(*) AS contacts FROM ${scheme.view('_plan')} GROUP BY 1 ORDER BY 1 LIMIT 500`) : [];
}

export async function coverage({ ask, scheme }) {
  return {
    columns: scheme.columns('_coverage'),
    rows: await ask(`SELECT * FROM ${scheme.view('_coverage')} LIMIT ${ROWS}`),
  };
}
