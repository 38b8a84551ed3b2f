// Operations of the day: whom to contact, who was contacted, and who falls when.
import { get } from '../api.mjs';
import { choice, h, number, table } from '../dom.mjs';
import { panel } from '../panel.mjs';
import { link } from '../route.mjs';
import { amount, count, percent, said, words } from '../words.mjs';

const COUNTS = ['heads', 'seen', 'contacts', 'on_plan', 'days_overdue', 'done', 'contacts_min'];
const PARTS = ['coverage', 'target', 'gap', 'contact_share', 'value_share'];
const AMOUNTS = ['value', 'missing'];
const DATES = ['due_on', 'last_contact', 'since', 'falls_on'];
const LONG = 15;
const NUMBERS = [...COUNTS, ...PARTS, ...AMOUNTS];

// rows as a table, without the columns that are empty; a long one has a height of its own
function listed(rows, title, scheme, { names }) {
  const columns = Object.keys(rows[0]).filter(
    (column) => words.columns[column] && rows.some((row) => row[column] !== null && row[column] !== ''),
  );
  const cell = (column, value) => {
    if (value === null) {
      return NUMBERS.includes(column) ? number('–') : null;
    }
    if (column === 'customer') {
      return h('a', { href: link('customer', { scheme: scheme.name, customer: value }) }, value);
    }
    if (['tier', 'falls_to'].includes(column)) {
      return names.get(value) ?? value;
    }
    if (NUMBERS.includes(column)) {
      return number((PARTS.includes(column) ? percent : COUNTS.includes(column) ? count : amount)(value));
    }
    return DATES.includes(column) ? { text: value, kind: 'date' } : said('states', value);
  };
  const shown = table(
    columns.map((column) => ({ text: words.columns[column], kind: NUMBERS.includes(column) ? 'number' : undefined })),
    rows.map((row) => columns.map((column) => cell(column, row[column]))),
    { caption: title },
  );
  shown.classList.toggle('long', rows.length > LONG);
  return shown;
}

const says = (text) => h('p', { class: 'says' }, text);

// Each part reads all customers, and whom to contact is not to wait for the others.
function queue() {
  let last = Promise.resolve();
  return (ask) => {
    const answer = last.then(ask);
    last = answer.catch(() => {});
    return answer;
  };
}

function due({ scheme, parameters, tiers }, turn) {
  let owner = parameters.owner ?? '';
  let owners;
  const filter = h('div', { class: 'filters' });
  const contacts = panel({
    title: words.plan,
    wide: true,
    load: (signal) => {
      const rows = turn(() => get('plan', { scheme: scheme.name, owner }, signal));
      owners ??= turn(() => get('plan-owners', { scheme: scheme.name })).then(offer, () => {});
      return Promise.all([rows, tiers()]);
    },
    draw: (body, [{ rows, most }, named]) => {
      const shown = rows.slice(0, most);
      body.replaceChildren(
        says(rows.length > most ? words.planMost(most) : words.planSays(rows.length)),
        rows.length ? listed(shown, words.plan, scheme, named) : '',
      );
    },
  });
  contacts.element.querySelector('h2').after(filter);
  function offer(rows) {
    if (rows.length) {
      filter.append(
        choice(
          words.owner,
          [['', words.all], ...rows.map((row) => [row.owner, `${row.owner} (${count(row.contacts)})`])],
          owner,
          (value) => {
            owner = value;
            contacts.refresh();
          },
        ),
      );
    }
  }
  return contacts;
}

export function plan(context) {
  const { scheme, tiers } = context;
  const turn = queue();
  const ask = (name) => (signal) => Promise.all([turn(() => get(name, { scheme: scheme.name }, signal)), tiers()]);
  const has = (suffix) => scheme.views.includes(suffix);
  return [
    has('_plan') && due(context, turn),
    has('_coverage') &&
      panel({
        title: words.coverage,
        wide: true,
        load: ask('coverage'),
        draw: (body, [rows, named]) => body.replaceChildren(listed(rows, words.coverage, scheme, named)),
      }),
    has('_falling') &&
      panel({
        title: words.falling,
        wide: true,
        load: ask('falling'),
        draw: (body, [{ days, rows, most }, named]) => {
          const heads = days.reduce((sum, day) => sum + day.heads, 0);
          body.replaceChildren(says(words.fallingSays(count(heads), days[0]?.falls_on)));
          if (heads > 0) {
            body.append(
              listed(days, words.falling, scheme, named),
              h('h3', {}, words.fallingFirst(count(Math.min(rows.length, most)))),
              listed(rows.slice(0, most), words.customers, scheme, named),
            );
          }
        },
      }),
  ].filter(Boolean);
}
