// A tier beside its colour.
import { tierColour } from './colours.mjs';
import { h } from './dom.mjs';
import { words } from './words.mjs';

export function badge(row, scheme) {
  const dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
  dot.style.background = tierColour(row.tier_rank, scheme.tiers?.length ?? 1, row.tier_colour);
  return h('span', { class: 'tier' }, dot, row.tier_name ?? row.tier ?? words.none);
}
