// Heads beside value, as a table with bars: the first thing that a manager looks at.
import { tierColour } from '../colours.mjs';
import { h, number, table } from '../dom.mjs';
import { link } from '../route.mjs';
import { amount, count, percent, words } from '../words.mjs';

// part of the longest bar
function bar(share, longest, colour, side) {
  const [fill, rest] = [h('span', { class: 'fill' }), h('span')];
  const part = Math.max(share ?? 0, 0) / (longest || 1);
  fill.style.flexGrow = part;
  rest.style.flexGrow = 1 - part;
  fill.style.background = colour;
  return { kind: `bar ${side}`, text: h('div', {}, fill, h('span', {}, percent(share)), rest) };
}

export function pyramid(body, rows, scheme) {
  const highest = Math.max(...rows.map(({ tier_rank }) => tier_rank ?? 0));
  const longest = Math.max(...rows.flatMap(({ head_share, value_share }) => [head_share, value_share]));
  const total = (key) => rows.reduce((sum, row) => sum + Number(row[key] ?? 0), 0);
  const top = rows.find(({ heads }) => Number(heads) > 0);
  body.replaceChildren(
    h(
      'p',
      { class: 'says' },
      top
        ? words.pyramidSays(top.tier_name ?? top.tier, percent(top.head_share), percent(top.value_share))
        : words.notRefreshed,
    ),
    table(
      [
        words.tier,
        number(words.heads),
        { text: words.partOfHeads, kind: 'right' },
        words.partOfValue,
        { text: words.value, kind: 'number more' },
        { text: words.orders, kind: 'number more' },
        { text: words.averageOrder, kind: 'number more' },
        { text: words.active, kind: 'number more' },
      ],
      rows.map((row) => {
        const colour = tierColour(row.tier_rank, highest, row.tier_colour);
        return [
          h(
            'a',
            { class: 'tier', href: link('customers', { scheme: scheme.name, tier: row.tier }) },
            row.tier_name ?? row.tier,
          ),
          number(count(row.heads)),
          bar(row.head_share, longest, colour, 'left'),
          bar(row.value_share, longest, colour, 'right'),
          { text: amount(row.value), kind: 'number more' },
          { text: count(row.orders), kind: 'number more' },
          { text: amount(row.average_order), kind: 'number more' },
          { text: percent(row.active_share), kind: 'number more' },
        ];
      }),
      {
        caption: words.pyramid,
        foot: [
          words.total,
          number(count(total('heads'))),
          '',
          '',
          { text: amount(total('value')), kind: 'number more' },
          { text: count(total('orders')), kind: 'number more' },
          { text: '', kind: 'more' },
          { text: '', kind: 'more' },
        ],
      },
    ),
    h('p', { class: 'note' }, words.heldSays),
  );
  requestAnimationFrame(() => performance.mark('chart'));
}
