// A scheme at a glance.
import { get } from '../api.mjs';
import { heat } from '../charts/heat.mjs';
import { lorenz } from '../charts/lorenz.mjs';
import { moves } from '../charts/moves.mjs';
import { pyramid } from '../charts/pyramid.mjs';
import { trend } from '../charts/trend.mjs';
import { panel } from '../panel.mjs';
import { words } from '../words.mjs';

export function overview({ scheme, tiers }) {
  const ask = (name) => (signal) => get(name, { scheme: scheme.name }, signal);
  // moves and trend show the tiers as the summary calls and paints them
  const withTiers = (name) => async (signal) => Promise.all([ask(name)(signal), tiers()]);
  return [
    panel({
      title: words.pyramid,
      wide: true,
      load: ask('summary'),
      draw: (body, rows) => pyramid(body, rows, scheme),
    }),
    panel({
      title: words.moves,
      load: withTiers('moves'),
      draw: (body, [rows, { names }]) => moves(body, rows, names),
    }),
    scheme.valueAxis && panel({ title: words.lorenz, load: ask('lorenz'), draw: lorenz }),
    scheme.axes.length > 1 &&
      panel({
        title: words.heat,
        load: ask('heat'),
        draw: (body, rows) => heat(body, rows, scheme),
      }),
    panel({
      title: words.trend,
      wide: scheme.axes.length === 1,
      load: withTiers('trend'),
      draw: (body, [rows, { names, colours }]) => trend(body, rows, names, colours),
    }),
  ].filter(Boolean);
}
