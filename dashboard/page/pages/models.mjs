// Models that are kept, and how they do.
import { get } from '../api.mjs';
import { calibration } from '../charts/calibration.mjs';
import { choice, h, number, table } from '../dom.mjs';
import { panel } from '../panel.mjs';
import { amount, count, measure, words } from '../words.mjs';

const kinds = { bgnbd: 'BG/NBD', mbgnbd: 'MBG/NBD', pareto_nbd: 'Pareto/NBD', bgbb: 'BG/BB' };

// a fit, as the server keeps it: parameters beside their standard errors, and what is said of the fit
function fit(title, row) {
  if (!row) {
    return null;
  }
  const parameters = Object.keys(row).filter((key) => `se_${key}` in row);
  const facts = [
    [words.customers, count(row.customers)],
    [words.logLikelihood, amount(row.log_likelihood)],
    [words.iterations, count(row.iterations)],
    [words.converged, row.converged ? words.yes : words.no],
    [words.remark, row.remark ?? words.none],
  ];
  return h(
    'div',
    {},
    h('h3', {}, title),
    table(
      [words.parameter, number(words.estimated), number(words.error)],
      parameters.map((key) => [key, number(measure(row[key])), number(measure(row[`se_${key}`]))]),
      { caption: title },
    ),
    h(
      'dl',
      {},
      facts.flatMap(([key, value]) => [h('dt', {}, key), h('dd', {}, value)]),
    ),
  );
}

function halfYearBefore(day) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() - 6);
  return date.toISOString().slice(0, 10);
}

export function models({ parameters }) {
  let all = [];
  let chosen = parameters.model;
  let days;
  const select = h('div', { class: 'filters' });
  const form = h('form', { class: 'filters' });
  const model = () => all.find(({ name }) => name === chosen) ?? all[0];
  const input = (label, name) =>
    h(
      'label',
      {},
      h('span', {}, label),
      ' ',
      h('input', {
        type: 'date',
        required: true,
        name,
        value: days[name],
      }),
    );

  function choose(name) {
    chosen = name;
    const { as_of } = model();
    days = { as_of: halfYearBefore(as_of), until: as_of };
    select.replaceChildren(
      choice(
        words.model,
        all.map((one) => [one.name, one.name]),
        model().name,
        (value) => {
          choose(value);
          show();
          quality.refresh();
        },
      ),
    );
    form.replaceChildren(
      input(words.qualityFrom, 'as_of'),
      input(words.qualityTo, 'until'),
      h('button', {}, words.check),
    );
  }

  function show() {
    const one = model();
    body.replaceChildren(
      h(
        'p',
        { class: 'says' },
        [
          `${words.kind}: ${kinds[one.kind]}`,
          `${words.sales}: ${one.ledger}`,
          `${words.fitted}: ${one.as_of}`,
          `${words.unitDays}: ${one.unit_days}`,
        ].join(' · '),
      ),
      h(
        'div',
        { class: 'columns' },
        fit(words.purchasesModel, one[one.kind]) ?? '',
        fit(words.spending, one.gamma_gamma) ?? '',
      ),
    );
  }

  let body;
  const kept = panel({
    title: words.model,
    wide: true,
    load: (signal) => get('models', {}, signal),
    draw: (place, rows) => {
      all = rows;
      if (all.length === 0) {
        place.replaceChildren(h('p', {}, words.noModels));
        return;
      }
      body = place;
      choose(chosen);
      show();
      quality.refresh();
    },
  });
  kept.element.querySelector('h2').after(select);
  const quality = panel({
    title: words.quality,
    wide: true,
    load: (signal) => (all.length ? get('quality', { model: model().name, ...days }, signal) : null),
    draw: (place, data) => (data ? calibration(place, data) : place.replaceChildren()),
  });
  quality.element.querySelector('h2').after(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    days = Object.fromEntries(new FormData(form));
    quality.refresh();
  });
  // asked for when it is known of which model
  return [kept, { ...quality, refresh: () => {} }];
}
