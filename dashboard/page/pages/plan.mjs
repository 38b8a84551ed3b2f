// The plan of the day, with the columns that its views have.
import { get } from '../api.mjs';
import { choice, h, number, table } from '../dom.mjs';
import { panel } from '../panel.mjs';
import { link } from '../route.mjs';
import { amount, percent, said, words } from '../words.mjs';

const HEADS = {
  customer: words.customer,
  tier: words.tier,
  owner: words.owner,
  value: words.value,
  heads: words.heads,
};
// from 0 to 1
const PARTS = /^(coverage|target|gap|.*_share)$/;
const NUMBERS = /^(integer|bigint|smallint|numeric|double precision)/;

function rowsAsTable({ columns, rows }, scheme, title) {
  const shown = columns.filter(({ name }) => rows.some((row) => row[name] !== null) || rows.length === 0);
  const cell = (row, { name, type }) => {
    const value = row[name];
    if (name === 'customer' && value !== null) {
      return h('a', { href: link('customer', { scheme: scheme.name, customer: String(value) }) }, String(value));
    }
    if (NUMBERS.test(type)) {
      return number(PARTS.test(name) ? percent(value) : amount(value));
    }
    if (name === 'state') {
      return said('states', value);
    }
    if (type === 'date') {
      return { text: value, kind: 'date' };
    }
    return value !== null && typeof value === 'object'
      ? JSON.stringify(value)
      : value === null
        ? null
        : String(value);
  };
  return table(
    shown.map(({ name, type, comment }) => ({
      text: h(
        'span',
        { title: comment ?? undefined },
        words.columns[name] ?? HEADS[name] ?? name.replaceAll('_', ' '),
      ),
      kind: NUMBERS.test(type) ? 'number' : undefined,
    })),
    rows.map((row) => shown.map((column) => cell(row, column))),
    { caption: title },
  );
}

export function plan({ scheme, parameters }) {
  let owner = parameters.owner ?? '';
  const has = (suffix) => scheme.views.includes(suffix);
  const contacts =
    has('_plan') &&
    panel({
      title: words.plan,
      wide: true,
      load: (signal) => get('plan', { scheme: scheme.name, owner }, signal),
      draw: (body, data) => {
        const rows = data.rows.slice(0, data.most);
        body.replaceChildren(
          h(
            'p',
            { class: 'says' },
            data.rows.length > data.most ? words.planMost(data.most) : words.planSays(rows.length),
          ),
          rowsAsTable({ ...data, rows }, scheme, words.plan),
        );
      },
    });
  if (contacts) {
    const filter = h('div', { class: 'filters' });
    contacts.element.querySelector('h2').after(filter);
    get('plan-owners', { scheme: scheme.name })
      .catch(() => [])
      .then(
        (rows) =>
          rows.length &&
          filter.append(
            choice(
              words.owner,
              [
                ['', words.all],
                ...rows.filter((row) => row.owner).map((row) => [row.owner, `${row.owner} (${row.contacts})`]),
              ],
              owner,
              (value) => {
                owner = value;
                contacts.refresh();
              },
            ),
          ),
      );
  }
  return [
    has('_coverage') &&
      panel({
        title: words.coverage,
        wide: true,
        load: (signal) => get('coverage', { scheme: scheme.name }, signal),
        draw: (body, data) => body.replaceChildren(rowsAsTable(data, scheme, words.coverage)),
      }),
    contacts,
  ].filter(Boolean);
}
