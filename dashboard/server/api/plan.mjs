// The plan of the day: views of operations beside the scheme, with whatever columns they have.
const ROWS = 200;
const DUE = ['never', 'overdue', 'due'];

// who is to be contacted: the condition, and its values
function due({ scheme, parameters }) {
  const values = [];
  const where = ['true'];
  const owner = parameters.text('owner');
  if (owner !== '' && scheme.has('_plan', 'owner')) {
    where.push(`owner::text = $${values.push(owner)}`);
  }
  if (scheme.has('_plan', 'state')) {
    where.push(`state::text = ANY ($${values.push(DUE)})`);
  }
  return { where: where.join(' AND '), values };
}

// the order of work
const ORDER = {
  priority: 'priority',
  state: "state::text <> 'never'",
  days_overdue: 'days_overdue DESC NULLS LAST',
  value: 'value DESC NULLS LAST',
  customer: 'customer',
};

export async function plan({ ask, scheme, parameters }) {
  const { where, values } = due({ scheme, parameters });
  const order = Object.keys(ORDER)
    .filter((name) => scheme.has('_plan', name))
    .map((name) => ORDER[name]);
  return {
    columns: scheme.columns('_plan'),
    rows: await ask(
      `
      SELECT * FROM ${scheme.view('_plan')} WHERE ${where}
      ${order.length ? `ORDER BY ${order.join(', ')}` : ''} LIMIT ${ROWS + 1}`,
      values,
    ),
    most: ROWS,
  };
}

export async function planOwners({ ask, scheme, parameters }) {
  const { where, values } = due({ scheme, parameters });
  return scheme.has('_plan', 'owner')
    ? ask(
        `
    SELECT owner::text AS owner, count(*) AS contacts
    FROM ${scheme.view('_plan')}
    WHERE ${where}
    GROUP BY 1
    ORDER BY 1
    LIMIT 500`,
        values,
      )
    : [];
}

export async function coverage({ ask, scheme }) {
  const order = scheme.has('_coverage', 'tier_rank') ? 'ORDER BY tier_rank DESC NULLS LAST' : '';
  return {
    columns: scheme.columns('_coverage'),
    rows: await ask(`SELECT * FROM ${scheme.view('_coverage')} ${order} LIMIT ${ROWS}`),
  };
}
