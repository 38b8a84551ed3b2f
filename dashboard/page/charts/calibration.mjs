// What a model foretold beside what came, by repeat purchases before.
import { axis, chart } from '../chart.mjs';
import { css, shade } from '../colours.mjs';
import { number, table } from '../dom.mjs';
import { amount, count, signedPercent, words } from '../words.mjs';

export function calibration(body, data) {
  const rows = data.by_frequency ?? [];
  const name = ({ x }) => (x === 7 ? '7+' : String(x));
  const percentError = data.cumulative_error === null ? '–' : signedPercent(data.cumulative_error);
  // the names at the end keep clear of each other
  const last = rows.at(-1);
  const above = (key) => last && (last.actual > last.predicted) === (key === 'actual');
  const line = (key, label, colour, symbol) => ({
    type: 'line',
    name: label,
    data: rows.map((row) => row[key]),
    symbol,
    symbolSize: 9,
    lineStyle: { color: colour, width: 2, type: key === 'predicted' ? 'dashed' : 'solid' },
    itemStyle: { color: colour },
    endLabel: { show: true, formatter: label, color: css('text'), offset: [0, above(key) ? -7 : 7] },
  });
  chart(body, {
    says: words.qualitySays(count(data.predicted), count(data.actual), percentError),
    table: table(
      [number(words.repeats), number(words.customers), number(words.foretold), number(words.came)],
      rows.map((row) => [
        number(name(row)),
        number(count(row.customers)),
        number(amount(row.predicted)),
        number(amount(row.actual)),
      ]),
      { caption: words.quality },
    ),
    option: {
      grid: { left: 52, right: 76, top: 16, bottom: 48 },
      xAxis: axis({ type: 'category', data: rows.map(name), name: words.repeats, nameGap: 30 }),
      yAxis: axis({ type: 'value', name: words.perCustomer, nameGap: 34 }),
      tooltip: {
        trigger: 'axis',
        formatter: ([{ dataIndex: i }]) =>
          `${words.repeats}: ${name(rows[i])}\n${words.customers}: ${count(rows[i].customers)}\n` +
          `${words.foretold}: ${amount(rows[i].predicted)}\n${words.came}: ${amount(rows[i].actual)}`,
      },
      series: [
        line('predicted', words.foretold, shade(0.45), 'diamond'),
        line('actual', words.came, css('down'), 'circle'),
      ],
    },
  });
}
