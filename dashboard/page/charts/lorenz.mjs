// The Lorenz curve from the best down, with the Pareto point.
import { axis, chart } from '../chart.mjs';
import { css, shade } from '../colours.mjs';
import { number, table } from '../dom.mjs';
import { percent, words } from '../words.mjs';

export function lorenz(body, { axis: name, curve, gini, shares: held }) {
  const pareto = held.find(([part]) => part === 0.2);
  const shares = {
    type: 'value',
    min: 0,
    max: 1,
    axisLabel: { formatter: (value) => percent(value).replace(/[.,]0/, '') },
  };
  const colour = shade(0.75);
  chart(body, {
    says: words.lorenzSays(name, percent(pareto[1]), gini?.toFixed(3) ?? '–'),
    table: table(
      [number(words.customers), number(words.share)],
      held.map((pair) => pair.map((part) => number(percent(part)))),
      { caption: words.lorenz },
    ),
    option: {
      grid: { left: 58, right: 24, top: 16, bottom: 48 },
      xAxis: axis({ ...shares, name: words.bestFirst, nameGap: 30 }),
      yAxis: axis({ ...shares, name: words.partHeld, nameGap: 44 }),
      tooltip: {
        trigger: 'axis',
        formatter: ([{ value }]) => `${percent(value[0])} → ${percent(value[1])}`,
      },
      series: [
        {
          type: 'line',
          data: curve,
          showSymbol: false,
          lineStyle: { color: colour, width: 2 },
          itemStyle: { color: colour },
          areaStyle: { color: colour, opacity: 0.15 },
          markPoint: {
            symbol: 'circle',
            symbolSize: 10,
            itemStyle: { color: css('down') },
            label: { position: 'right', color: css('text'), formatter: percent(pareto[1]) },
            data: [{ coord: pareto }],
          },
        },
        {
          type: 'line',
          data: [
            [0, 0],
            [1, 1],
          ],
          showSymbol: false,
          silent: true,
          tooltip: { show: false },
          lineStyle: { type: 'dashed', color: css('quiet'), width: 1 },
        },
      ],
    },
  });
}
