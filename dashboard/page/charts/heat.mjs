// Customers by two scores: the darker, the more; below, the mean of what they bring.
import { axis, chart } from '../chart.mjs';
import { css, dark, shade } from '../colours.mjs';
import { number, table } from '../dom.mjs';
import { count, measure, short, words } from '../words.mjs';

const light = (t) => (dark.matches ? t > 0.5 : t < 0.5);

export function heat(body, rows, scheme) {
  const meanOf = scheme.valueAxis;
  const [y, x] = scheme.axes.map(({ name }) => name);
  const scores = (key) => [...new Set(rows.map((row) => row[key]))].sort((a, b) => a - b);
  const [xs, ys] = [scores('x'), scores('y')];
  const hasMean = rows.some(({ value }) => value !== null);
  const most = Math.max(...rows.map(({ heads }) => Number(heads)), 1);
  const depth = (heads) => Math.sqrt(heads / most);
  chart(body, {
    says: words.heatSays(x, y, hasMean && meanOf),
    table: table(
      [y, x, number(words.heads), hasMean && number(words.mean)].filter(Boolean),
      rows.map((row) =>
        [row.y, row.x, number(count(row.heads)), hasMean && number(measure(row.value))].filter((c) => c !== false),
      ),
      { caption: words.heat },
    ),
    option: {
      grid: { left: 46, right: 8, top: 8, bottom: 46 },
      xAxis: axis({ type: 'category', data: xs, name: x, nameGap: 28, splitLine: { show: false } }),
      yAxis: axis({ type: 'category', data: ys, name: y, nameGap: 28, splitLine: { show: false } }),
      tooltip: {
        formatter: ({ data: { row } }) =>
          `${y} ${row.y}, ${x} ${row.x}\n${words.heads}: ${count(row.heads)}` +
          (hasMean ? `\n${words.mean} ${meanOf}: ${measure(row.value)}` : ''),
      },
      series: [
        {
          type: 'heatmap',
          data: rows.map((row) => {
            const t = depth(Number(row.heads));
            return {
              row,
              value: [xs.indexOf(row.x), ys.indexOf(row.y), Number(row.heads)],
              itemStyle: { color: shade(t), borderColor: css('surface'), borderWidth: 2 },
              label: { color: light(t) ? '#111' : '#fff' },
            };
          }),
          label: {
            show: xs.length * ys.length <= 60,
            fontSize: 11,
            formatter: ({ data: { row } }) => short(row.heads) + (hasMean ? `\nø ${short(row.value)}` : ''),
          },
          emphasis: { itemStyle: { borderColor: css('text') } },
        },
      ],
      visualMap: { show: false, min: 0, max: most, dimension: 2, inRange: { opacity: 1 } },
    },
  });
}
