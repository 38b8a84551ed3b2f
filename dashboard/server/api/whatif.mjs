// What if a line lay elsewhere?  An estimate while it moves, from how the values are spread; then simulate.
import { quoted } from '../identifiers.mjs';

// Sixteen steps to each doubling, from 0.01 to 10^12, and the same below zero.
const EDGES = [];
for (let i = -108; i <= 640; i += 1) {
  EDGES.push(2 ** (i / 16));
}
const edges = [...EDGES.map((edge) => -edge).reverse(), 0, ...EDGES];

// customers and their value between edges; bin i lies below edges[i]
export async function histogram({ ask, scheme, parameters }) {
  const axis = quoted(scheme.axis(parameters.text('axis')).name);
  const rows = await ask(
    `
    SELECT width_bucket(v, $1::float8[]) AS bin, count(*) AS heads, sum(v) AS value, min(v) AS low, max(v) AS high
    FROM (SELECT ${axis}::float8 AS v FROM ${scheme.view('')}) AS x
    WHERE v IS NOT NULL
    GROUP BY 1
    ORDER BY 1`,
    [edges],
  );
  return rows.map(({ heads, value, low, high }) => [low, high, Number(heads), value]);
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
