// Models that are kept by name, and how well they foretell.

// the columns are the server's, in their order: a row of the model as it is
export async function models({ ask }) {
  const rows = await ask(
    'SELECT to_json(m) AS model FROM customer_tier.models AS m ORDER BY m.name::text LIMIT 200',
  );
  return rows.map(({ model }) => model);
}

export async function quality({ ask, parameters }) {
  const [found] = await ask(
    `
    SELECT q.customers, q.predicted, q.actual, q.cumulative_error, q.mae, q.rmse, q.predicted_value, q.actual_value,
           q.value_error, to_jsonb(q.by_frequency) AS by_frequency
    FROM customer_tier.models AS m
      JOIN customer_tier.sources AS s ON s.ledger = m.ledger,
      LATERAL customer_tier.model_quality(s.source, $2::date, $3::date, m.unit_days, m.kind) AS q
    WHERE m.name::text = $1`,
    [parameters.text('model'), parameters.day('as_of'), parameters.day('until')],
  );
  return found ?? null;
}
