// What if a line lay elsewhere?  An estimate while it moves, from how the values are spread; then simulate.
import { spread } from '../schemes.mjs';

// customers and their value between edges
export async function histogram({ ask, scheme, parameters }) {
  const bins = await spread(ask, scheme, scheme.axis(parameters.text('axis')).name);
  return bins.map(({ low, high, heads, total }) => [low, high, heads, total]);
}

// the lines of now, by axis
export function lines({ ask, scheme }) {
  const group = scheme.has('_thresholds', 'customer_group') ? 'customer_group, ' : '';
  return ask(`
    SELECT axis, score, min(line) AS line, min(reached_by) AS reached_by, count(*) AS groups
    FROM (SELECT DISTINCT ON (${group}axis, score) *
          FROM ${scheme.view('_thresholds')}
          ORDER BY ${group}axis, score, as_of DESC) AS x
    GROUP BY axis, score
    ORDER BY axis, score
    LIMIT 1000`);
}

// Other lines for one axis; what else the scheme says stays.
export function simulate({ ask, scheme, parameters }) {
  const axis = scheme.axis(parameters.text('axis'));
  const at = parameters.numbers('at').sort((a, b) => a - b);
  const axes = scheme.axes.map((one) => JSON.stringify(one === axis ? { ...one, by: 'value', at } : one));
  return ask(
    `
    SELECT tier_now, tier_then, change, heads, value
    FROM customer_tier.simulate_migration($1::text::regclass, axes => $2::text[]::jsonb[])
    LIMIT 10000`,
    [scheme.rule.scheme, axes],
  );
}
