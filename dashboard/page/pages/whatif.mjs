// What if a line lay elsewhere?  While it moves, an estimate; when it rests, simulate().  Before, the tiers of now.
import { get } from '../api.mjs';
import { spread } from '../charts/spread.mjs';
import { choice, h, number, table } from '../dom.mjs';
import { ascending, classes } from '../estimate.mjs';
import { handle } from '../handles.mjs';
import { panel } from '../panel.mjs';
import { scaleOf } from '../scale.mjs';
import { amount, count, measure, percent, signed, words } from '../words.mjs';

const sum = (rows, key) => rows.reduce((total, row) => total + Number(row[key] ?? 0), 0);

// tiers from the highest, with who is in none
function simulated(body, rows, scheme, names) {
  const known = [...(scheme.tiers ?? [])].reverse();
  const others = rows
    .flatMap(({ tier_now, tier_then }) => [tier_now, tier_then])
    .filter((tier) => !known.includes(tier));
  const of = (key, tier) => rows.filter((row) => row[key] === tier);
  const all = sum(
    rows.filter(({ tier_then }) => tier_then !== null),
    'value',
  );
  body.replaceChildren(
    table(
      [
        words.tier,
        number(`${words.heads}: ${words.now}`),
        number(words.then),
        number('±'),
        number(`${words.value}: ${words.now}`),
        number(words.then),
        number(words.share),
      ],
      [...known, ...new Set(others)].map((tier) => {
        const [was, is] = [of('tier_now', tier), of('tier_then', tier)];
        return [
          tier === null ? words.notGraded : (names.get(tier) ?? tier),
          number(count(sum(was, 'heads'))),
          number(count(sum(is, 'heads'))),
          number(signed(sum(is, 'heads') - sum(was, 'heads'))),
          number(amount(sum(was, 'value'))),
          number(amount(sum(is, 'value'))),
          number(tier === null ? '' : percent(sum(is, 'value') / (all || 1))),
        ];
      }),
      { caption: words.simulated },
    ),
  );
}

// nothing has moved: the tiers as the last refresh left them
function asNow(body, { rows, names }) {
  const all = rows.reduce((total, { value_share }) => total + (value_share ?? 0), 0);
  body.replaceChildren(
    h('p', { class: 'says' }, words.notMoved),
    table(
      [words.tier, number(words.heads), number(words.value), number(words.share)],
      rows.map((row) => [
        names.get(row.tier) ?? row.tier,
        number(count(row.heads)),
        number(amount(row.value)),
        number(all ? percent(row.value_share) : ''),
      ]),
      { caption: words.simulated },
    ),
  );
}

export function whatif({ scheme, parameters, tiers }) {
  const named = (wanted) => scheme.axes.find(({ name }) => name === wanted);
  let axis = named(parameters.axis) ?? named(scheme.valueAxis) ?? scheme.axes[0];
  let bins, scale, lines, kept;
  // by axis, what its user has moved
  const moved = new Map();
  const figures = h('div', { class: 'body', 'aria-live': 'polite' });
  const overlay = h('div', { class: 'overlay' });

  const place = (value) =>
    drawn.convertToPixel(
      { xAxisIndex: 0 },
      Math.min(Math.max(scale.to(value), scale.to(scale.least)), scale.to(scale.most)),
    );
  const round = (value) => (scale.integer ? Math.round(value) : Number(value.toPrecision(3)));
  const at = (pixel) => round(scale.from(drawn.convertFromPixel({ xAxisIndex: 0 }, pixel)));
  let drawn,
    handles = [];

  // between its neighbours, and not beyond what there is
  function move(i, wanted, step = 0) {
    const lower = axis.better === 'lower';
    const [down, up] = lower ? [lines[i + 1], lines[i - 1]] : [lines[i - 1], lines[i + 1]];
    let value = wanted;
    if (value === lines[i] && step) {
      value += Math.sign(step) * (scale.integer ? 1 : 10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) - 2));
    }
    value = Math.min(Math.max(value, down ?? scale.least), up ?? scale.most);
    lines = lines.with ? lines.with(i, value) : Object.assign([...lines], { [i]: value });
    moved.set(axis.name, lines);
    estimate();
  }

  function estimate() {
    const found = classes(bins, lines, axis.better === 'lower');
    const all = sum(found, 'heads');
    // days since the last purchase, say, are not added
    const adds = axis.better !== 'lower';
    const brought = sum(found, 'value');
    const names = scheme.axes.length === 1 && scheme.tiers.length === found.length ? scheme.tiers : null;
    const reaching = (i) => sum(found.slice(i + 1), 'heads');
    handles.forEach(({ set }, i) =>
      set({
        value: lines[i],
        least: scale.least,
        most: scale.most,
        text: words.lineAt(measure(lines[i]), count(reaching(i))),
      }),
    );
    figures.replaceChildren(
      h('h3', {}, words.estimate),
      table(
        [
          words.score,
          number(words.line),
          number(words.heads),
          number(words.share),
          ...(adds ? [number(axis.name), number(words.share)] : []),
        ],
        found
          .map(({ heads, value }, i) => [
            names ? `${i + 1}\u00a0·\u00a0${names[i]}` : String(i + 1),
            number(i === 0 ? '' : measure(lines[i - 1])),
            number(count(heads)),
            number(percent(heads / (all || 1))),
            ...(adds ? [number(amount(value)), number(percent(value / (brought || 1)))] : []),
          ])
          .reverse(),
        { caption: words.estimate },
      ),
    );
  }

  async function draw(body) {
    scale = scaleOf(bins);
    body.querySelector('.overlay')?.remove();
    drawn = await spread(body, bins, scale, words.spread(axis.name));
    if (!drawn) {
      return;
    }
    handles = lines.map((_, i) =>
      handle(i, {
        label: words.whatifLine(i + 2),
        place,
        at,
        moved: move,
        done: () => result.refresh(),
      }),
    );
    overlay.replaceChildren(...handles.map(({ element }) => element));
    body.querySelector('.chart').append(overlay);
    body.append(figures);
    // lines go with the chart
    new ResizeObserver(() =>
      requestAnimationFrame(() => lines && drawn && !drawn.isDisposed() && estimate()),
    ).observe(body.querySelector('.chart'));
    estimate();
    result.refresh();
  }

  const chart = panel({
    title: words.whatif,
    wide: true,
    load: (signal) =>
      Promise.all([
        get('histogram', { scheme: scheme.name, axis: axis.name }, signal),
        get('lines', { scheme: scheme.name }, signal),
      ]),
    draw: (body, [spreadOf, found]) => {
      bins = spreadOf;
      const most = bins.at(-1)?.[1] ?? 0;
      kept = found
        .filter((row) => row.axis === axis.name)
        .sort((a, b) => a.score - b.score)
        // a line that nobody reaches lies beyond all
        .map(({ line }) => line ?? most + Math.abs(most) * 0.01 + 1);
      lines = moved.get(axis.name) ?? kept;
      groups.hidden = !found.some((row) => Number(row.groups) > 1);
      if (lines.length === 0 || bins.length === 0) {
        body.replaceChildren(h('p', {}, words.noLines));
        return;
      }
      draw(body);
    },
  });
  const groups = h('p', { class: 'quiet', hidden: true }, words.groups);
  chart.element.querySelector('h2').after(
    h('p', { class: 'quiet' }, words.whatifHow),
    groups,
    h(
      'div',
      { class: 'filters' },
      choice(
        words.axis,
        scheme.axes.map(({ name }) => [name, name]),
        axis.name,
        (name) => {
          axis = named(name);
          chart.refresh();
        },
      ),
      h(
        'button',
        {
          type: 'button',
          onclick: () => {
            moved.delete(axis.name);
            lines = kept;
            estimate();
            result.refresh();
          },
        },
        words.reset,
      ),
    ),
  );

  const result = panel({
    title: words.simulated,
    wide: true,
    load: async (signal) =>
      Promise.all([
        moved.has(axis.name) &&
          get('simulate', { scheme: scheme.name, axis: axis.name, at: ascending(lines).join(',') }, signal),
        tiers(),
      ]),
    draw: (body, [rows, named]) => (rows ? simulated(body, rows, scheme, named.names) : asNow(body, named)),
  });
  return [chart, result];
}
