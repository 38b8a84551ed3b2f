// One customer: why this tier, how far to the next, since when, and what was bought.
import { get } from '../api.mjs';
import { badge } from '../badge.mjs';
import { calendar } from '../charts/calendar.mjs';
import { history } from '../charts/history.mjs';
import { h } from '../dom.mjs';
import { panel } from '../panel.mjs';
import { link } from '../route.mjs';
import { measure, words } from '../words.mjs';

// one axis in sentences
function axisSays(row, better) {
  const lower = better === 'lower';
  if (row.value === null) {
    return [words.unmeasured(row.axis)];
  }
  // where less is better, what is good is below zero
  const good = (distance) => (lower ? -distance : distance);
  return [
    words.measured(row.axis, measure(row.value), row.score),
    row.line_to_stay !== null &&
      (good(row.margin) >= 0
        ? words.toStay(measure(Math.abs(row.margin)), measure(row.line_to_stay), lower)
        : words.missed(measure(Math.abs(row.margin)), measure(row.line_to_stay))),
    row.line_to_rise === null
      ? words.top
      : words.toRise(measure(Math.abs(row.gap)), measure(row.line_to_rise), lower),
    row.changed && words.outdated,
  ].filter(Boolean);
}

// how far from the line to stay (or none) to the line to rise
function gauge(row) {
  if (row.line_to_rise === null || row.value === null) {
    return null;
  }
  const from = row.line_to_stay ?? Math.min(0, row.value);
  const part = (row.value - from) / (row.line_to_rise - from || 1);
  return h(
    'label',
    { class: 'gauge' },
    h('span', {}, `${words.gap}: ${row.axis}`),
    h('meter', { min: 0, max: 1, value: Math.min(Math.max(part, 0), 1) }),
  );
}

const fallSays = ({ falls_to, falls_on, missing }, label, lower) =>
  words.falls(label(falls_to), falls_on, missing && measure(Math.abs(missing)), lower);

function why(body, [row, steps, stretches, { plan, falling }], scheme, tiers) {
  const better = Object.fromEntries(scheme.axes.map((axis) => [axis.name, axis.better]));
  const label = (tier) => tiers.names.get(tier) ?? tier;
  const who = row.name ?? row.customer;
  const said = [
    row.tier === null ? words.isNone(who) : words.is(who, row.tier_name ?? row.tier, row.since),
    row.previous_tier && words.was(label(row.previous_tier)),
    row.status === 'held' && words.held(label(row.earned_tier), row.held_until),
    row.status === 'pinned' && words.pinned(stretches[0]?.note),
  ].filter(Boolean);
  body.replaceChildren(
    h(
      'p',
      {},
      badge(row, scheme),
      ' ',
      h('span', { class: 'quiet' }, [row.customer, plan?.owner ?? row.owner].filter(Boolean).join(' · ')),
    ),
    h('p', { id: 'explained' }, said.join(' ')),
    h(
      'ul',
      {},
      steps.map((step) => h('li', {}, axisSays(step, better[step.axis]).join(' '), gauge(step))),
      falling && h('li', {}, fallSays(falling, label, scheme.axes[0].better === 'lower')),
      plan && h('li', {}, words.contact(plan).filter(Boolean).join(' ')),
    ),
  );
}

export function customer({ scheme, parameters, tiers }) {
  const ask = (name, signal) => get(name, { scheme: scheme.name, customer: parameters.customer }, signal);
  const past = (signal) => ask('history', signal).catch(() => []);
  const ahead = (signal) => ask('ahead', signal).catch(() => ({}));
  const explained = panel({
    title: words.why,
    wide: true,
    load: async (signal) =>
      Promise.all([ask('customer', signal), ask('progress', signal), past(signal), ahead(signal), tiers()]),
    draw: (body, [row, steps, stretches, next, named]) => why(body, [row, steps, stretches, next], scheme, named),
  });
  explained.element.prepend(
    h('p', { class: 'back' }, h('a', { href: link('customers', { scheme: scheme.name }) }, `← ${words.back}`)),
  );
  return [
    explained,
    panel({
      title: words.history,
      wide: true,
      load: async (signal) => Promise.all([ask('history', signal), tiers()]),
      draw: (body, [rows, { names }]) => history(body, rows, scheme, names),
    }),
    panel({
      title: words.ledger,
      wide: true,
      load: (signal) => ask('ledger', signal),
      draw: (body, rows) => calendar(body, rows, scheme.as_of),
    }),
  ];
}
