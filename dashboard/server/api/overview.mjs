// The state of a scheme: small results of its last refresh, and how its values are spread.
import { concentrated } from '../concentration.mjs';
import { quoted } from '../identifiers.mjs';
import { Refusal } from '../refusal.mjs';
import { spread } from '../schemes.mjs';

export function summary({ ask, scheme }) {
  return ask(`
    SELECT * FROM ${scheme.view('_summary')} ORDER BY tier_rank DESC NULLS LAST, tier LIMIT 200`);
}

export function moves({ ask, scheme }) {
  return ask(`
    SELECT from_tier, from_rank, to_tier, to_rank, heads, change
    FROM ${scheme.view('_migration')}
    ORDER BY from_rank DESC NULLS LAST, to_rank DESC NULLS LAST
    LIMIT 2000`);
}

// the last 120 refreshes
export function trend({ ask, scheme }) {
  return ask(`
    SELECT as_of, tier, tier_rank, sum(heads) AS heads, sum(value) AS value, sum(entered) AS entered, sum(up) AS up,
           sum(down) AS down, sum(gone) AS gone
    FROM ${scheme.view('_trend')}
    WHERE as_of IN (SELECT DISTINCT as_of FROM ${scheme.view('_trend')} ORDER BY as_of DESC LIMIT 120)
    GROUP BY as_of, tier, tier_rank
    ORDER BY as_of, tier_rank
    LIMIT 10000`);
}

export async function lorenz({ ask, scheme }) {
  const axis = scheme.valueAxis;
  if (!axis) {
    throw new Refusal(404, `${scheme.name} has no axis of which more is better`);
  }
  return { axis, ...concentrated(await spread(ask, scheme, axis)) };
}

// Heads by the scores of two axes, and the mean of the axis of value where that is a third.
export function heat({ ask, scheme }) {
  const [first, second] = scheme.axes;
  if (!second) {
    throw new Refusal(404, `${scheme.name} has one axis`);
  }
  const third = scheme.valueAxis;
  const mean =
    third && ![first.name, second.name].includes(third)
      ? `sum(${quoted(third)} * heads) / nullif(sum(heads) FILTER (WHERE ${quoted(third)} IS NOT NULL), 0)`
      : 'NULL::float8';
  const [y, x] = [first, second].map(({ name }) => quoted(`${name}_score`));
  return ask(`
    SELECT ${x} AS x, ${y} AS y, sum(heads) AS heads, ${mean} AS value
    FROM ${scheme.view('_cells')}
    WHERE ${x} IS NOT NULL AND ${y} IS NOT NULL
    GROUP BY 1, 2
    ORDER BY 1, 2
    LIMIT 10000`);
}
