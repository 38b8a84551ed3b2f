// Customers: searched, filtered, sorted, turned over.
import { address, get } from '../api.mjs';
import { badge } from '../badge.mjs';
import { choice, h, number, table } from '../dom.mjs';
import { panel } from '../panel.mjs';
import { go, link } from '../route.mjs';
import { measures, said, words } from '../words.mjs';

const WAIT = 250;

function filters({ scheme, tiers, parameters }, change) {
  let timer;
  const search = h('input', {
    type: 'search',
    value: parameters.q ?? '',
    autocomplete: 'off',
    spellcheck: 'false',
    id: 'search',
    maxlength: 100,
    oninput: ({ target }) => {
      clearTimeout(timer);
      timer = setTimeout(() => change({ q: target.value }), WAIT);
    },
  });
  const tier = h('span');
  tiers().then(({ names }) =>
    tier.replaceWith(
      choice(
        words.tier,
        [['', words.all], ...[...names].map(([key, name]) => [key, name])],
        parameters.tier ?? '',
        (value) => change({ tier: value }),
      ),
    ),
  );
  const owner = h('span');
  get('owners', { scheme: scheme.name })
    .catch(() => [])
    .then(
      (rows) =>
        rows.length &&
        owner.replaceWith(
          choice(
            words.owner,
            [['', words.all], ...rows.map((row) => [row.owner, row.owner])],
            parameters.owner ?? '',
            (value) => change({ owner: value }),
          ),
        ),
    );
  return h(
    'form',
    { class: 'filters', role: 'search', onsubmit: (event) => event.preventDefault() },
    h('label', {}, h('span', {}, words.search), ' ', search),
    tier,
    choice(words.status, [['', words.all], ...Object.entries(words.statuses)], parameters.status ?? '', (value) =>
      change({ status: value }),
    ),
    owner,
    h('a', { class: 'button', id: 'download', download: '' }, words.download),
  );
}

// heads that sort: [column, title, kind]
function heads(columns, { sort = 'tier_rank', order }, change) {
  return columns.map(([column, title, kind]) => {
    if (!column) {
      return { text: title, kind };
    }
    const up = order ? order === 'up' : sort === 'customer';
    const sorted = sort === column;
    const button = h(
      'button',
      {
        type: 'button',
        class: 'sort',
        title: words.sortBy(title),
        onclick: () => change({ sort: column, order: sorted ? (up ? 'down' : 'up') : undefined }),
      },
      title,
      h('span', { 'aria-hidden': 'true' }, sorted ? (up ? ' ▲' : ' ▼') : ''),
    );
    return { text: button, kind };
  });
}

export function customers(context) {
  const { scheme } = context;
  let parameters = { ...context.parameters };
  // the places of the pages before this one
  let before = [];
  const asked = () => ({ ...parameters, scheme: scheme.name });

  function change(changed, place = { after: undefined }) {
    if (place.after === undefined) {
      before = [];
    }
    parameters = { ...parameters, ...changed, ...place };
    // the address follows; nothing is drawn anew but the list
    history.replaceState(null, '', link('customers', asked()));
    list.refresh();
  }

  function draw(body, { rows, next, tooMany }) {
    const named = rows.some((row) => row.name !== undefined);
    const owned = rows.some((row) => row.owner !== undefined);
    const axes = scheme.axes.map(({ name }) => name);
    const figure = Object.fromEntries(axes.map((axis) => [axis, measures(rows.map((row) => row[axis] ?? null))]));
    const columns = [
      ['customer', words.customer],
      named && ['', words.name],
      ['tier_rank', words.tier],
      ...axes.map((axis) => [axis, axis, 'number']),
      ['since', words.since, 'more'],
      ['', words.status, 'more'],
      owned && ['', words.owner, 'more'],
    ].filter(Boolean);
    const lines = rows.map((row) =>
      [
        h('a', { href: link('customer', { scheme: scheme.name, customer: row.customer }) }, row.customer),
        named && row.name,
        badge(row, scheme),
        ...axes.map((axis) =>
          number([
            figure[axis](row[axis] ?? null),
            row.changed && axes.length === 1 ? h('span', { title: words.outdated }, ' *') : null,
          ]),
        ),
        { text: row.since, kind: 'date more' },
        { text: said('statuses', row.status), kind: 'more' },
        owned && { text: row.owner, kind: 'more' },
      ].filter((cell) => cell !== false),
    );
    body.replaceChildren(
      ...[
        tooMany && h('p', { class: 'says' }, words.tooMany),
        rows.length
          ? table(heads(columns, parameters, change), lines, { caption: words.customers })
          : h('p', {}, words.nobody),
        h(
          'p',
          { class: 'turn' },
          h(
            'button',
            {
              type: 'button',
              disabled: before.length === 0,
              onclick: () => change({}, { after: before.pop() ?? '' }),
            },
            words.previous,
          ),
          ' ',
          h(
            'button',
            {
              type: 'button',
              disabled: next === null,
              onclick: () => {
                before.push(parameters.after ?? '');
                change({}, { after: next });
              },
            },
            words.next,
          ),
        ),
      ].filter(Boolean),
    );
    document.getElementById('download').href = address('/customers.csv', { ...asked(), after: undefined });
  }

  const list = panel({
    title: words.customers,
    wide: true,
    quiet: true,
    load: (signal) => get('customers', asked(), signal),
    draw,
  });
  const form = filters(context, change);
  list.element.querySelector('h2').after(form);
  return [list];
}

export const toCustomer = (scheme, customer) => go('customer', { scheme: scheme.name, customer });
