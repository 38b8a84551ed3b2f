// The tier that was held, day by day.
import { axis, chart } from '../chart.mjs';
import { css, shade, tierColour } from '../colours.mjs';
import { table } from '../dom.mjs';
import { said, words } from '../words.mjs';

export function history(body, rows, scheme, names) {
  const tiers = scheme.tiers ?? [];
  const label = (tier) => (tier === null ? words.none : (names.get(tier) ?? tier));
  const steps = [...rows].reverse().map((row) => [row.valid_from, label(row.tier)]);
  const last = rows[0];
  if (last) {
    steps.push([last.is_current ? scheme.as_of : last.valid_to, label(last.tier)]);
  }
  const levels = [
    ...new Set([
      ...rows.filter(({ tier }) => !tiers.includes(tier)).map(({ tier }) => label(tier)),
      ...tiers.map(label),
    ]),
  ];
  const wide = Math.max(...levels.map((level) => [...level].reduce((sum, c) => sum + (c > '\u2e80' ? 2 : 1), 0)));
  chart(body, {
    says: words.historySays(rows.length),
    tall: Math.max(160, 26 * levels.length + 50),
    table: table(
      [words.from, words.to, words.tier, words.change, words.reason, words.note],
      rows.map((row) => [
        row.valid_from,
        row.is_current ? words.now : row.valid_to,
        label(row.tier),
        said('changes', row.change),
        said('reasons', row.reason),
        row.note,
      ]),
      { caption: words.history },
    ),
    option: {
      grid: { left: Math.min(20 + 7 * wide, 150), right: 16, top: 12, bottom: 28 },
      xAxis: axis({ type: 'time', splitLine: { show: false } }),
      yAxis: axis({
        type: 'category',
        data: levels,
        axisLabel: { width: 120, overflow: 'truncate' },
        splitLine: { show: true, lineStyle: { color: css('border') } },
      }),
      tooltip: { trigger: 'item', formatter: ({ value: [day, tier] }) => `${day}: ${tier}` },
      series: [
        {
          type: 'line',
          step: 'end',
          data: steps.map((step, i) => ({
            value: step,
            itemStyle: {
              color: tierColour(rows[rows.length - 1 - Math.min(i, rows.length - 1)]?.tier_rank, tiers.length),
            },
          })),
          symbolSize: 9,
          lineStyle: { color: shade(0.7), width: 3 },
        },
      ],
    },
  });
}
