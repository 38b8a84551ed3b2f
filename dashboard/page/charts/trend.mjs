// Tiers over time, on top of one another.
import { axis, chart } from '../chart.mjs';
import { css, tierColour } from '../colours.mjs';
import { number, table } from '../dom.mjs';
import { count, short, words } from '../words.mjs';

export function trend(body, rows, names, colours) {
  const days = [...new Set(rows.map(({ as_of }) => as_of))];
  const tiers = [...new Map(rows.map((row) => [row.tier, row.tier_rank ?? 0]))].sort((a, b) => a[1] - b[1]);
  const highest = Math.max(...tiers.map(([, rank]) => rank), 1);
  const found = new Map(rows.map((row) => [`${row.as_of} ${row.tier}`, row]));
  const sum = (day, key) => rows.reduce((total, row) => total + (row.as_of === day ? Number(row[key]) : 0), 0);
  chart(body, {
    says: words.trendSays(days.length, days[0], days.at(-1)),
    table: table(
      [
        words.day,
        ...tiers.map(([tier]) => number(names.get(tier) ?? tier)),
        number(words.entered),
        number(words.rose),
        number(words.fell),
        number(words.gone),
      ],
      days
        .map((day) => [
          day,
          ...tiers.map(([tier]) => number(count(found.get(`${day} ${tier}`)?.heads ?? 0))),
          ...['entered', 'up', 'down', 'gone'].map((key) => number(count(sum(day, key)))),
        ])
        .reverse(),
      { caption: words.trend },
    ),
    option: {
      grid: { left: 52, right: 16, top: 12, bottom: 28 },
      xAxis: axis({ type: days.length > 1 ? 'time' : 'category', splitLine: { show: false } }),
      yAxis: axis({ type: 'value', axisLabel: { formatter: short } }),
      tooltip: {
        trigger: 'axis',
        formatter: (points) =>
          [
            points[0].axisValueLabel ?? '',
            ...points.map(({ seriesName, value }) => `${seriesName}: ${count(value[1])}`).reverse(),
          ].join('\n'),
      },
      series: tiers.map(([tier, rank]) => {
        const colour = tierColour(rank, highest, colours.get(tier));
        return {
          type: days.length > 1 ? 'line' : 'bar',
          barMaxWidth: 80,
          stack: 'heads',
          name: names.get(tier) ?? tier,
          symbolSize: 5,
          showSymbol: days.length < 40,
          data: days.map((day) => [day, Number(found.get(`${day} ${tier}`)?.heads ?? 0)]),
          lineStyle: { width: 1, color: css('surface') },
          itemStyle: { color: colour },
          areaStyle: { color: colour, opacity: 0.9 },
        };
      }),
    },
  });
}
