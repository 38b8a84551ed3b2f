// From tier to tier: those who stay are pale, those who rise and fall stand out.
import { chart } from '../chart.mjs';
import { changeColour, css } from '../colours.mjs';
import { number, table } from '../dom.mjs';
import { count, said, words } from '../words.mjs';

export function moves(body, rows, names) {
  const total = (...changes) =>
    count(rows.filter(({ change }) => changes.includes(change)).reduce((sum, { heads }) => sum + Number(heads), 0));
  const label = (tier) => (tier === null ? words.notGraded : (names.get(tier) ?? tier));
  // the side goes before the name: a tier is on both
  const node = (side, tier) => `${side}${tier ?? ''}`;
  const nodes = new Map();
  for (const [side, tier, rank] of ['from', 'to'].flatMap((side) =>
    rows.map((row) => [side, row[`${side}_tier`], row[`${side}_rank`] ?? 0]),
  )) {
    nodes.set(node(side, tier), { name: node(side, tier), side, tier, rank });
  }
  chart(body, {
    says: words.movesSays(total('up'), total('down'), total('new'), total('left')),
    tall: Math.max(280, (34 * nodes.size) / 2),
    table: table(
      [words.from, words.to, number(words.customers), words.change],
      rows.map((row) => [
        label(row.from_tier),
        label(row.to_tier),
        number(count(row.heads)),
        said('changes', row.change),
      ]),
      { caption: words.moves },
    ),
    option: {
      tooltip: {
        formatter: ({ data: { row, tier, side }, value }) =>
          row
            ? `${label(row.from_tier)} → ${label(row.to_tier)}\n${said('changes', row.change)}: ${count(row.heads)}`
            : `${label(tier)}, ${side === 'from' ? words.before : words.after}: ${count(value)}`,
      },
      series: [
        {
          type: 'sankey',
          left: 4,
          right: 4,
          top: 8,
          bottom: 8,
          nodeWidth: 12,
          nodeGap: 10,
          layoutIterations: 0,
          draggable: false,
          animationDuration: 0,
          data: [...nodes.values()]
            .sort((a, b) => b.rank - a.rank)
            .map((one) => ({
              ...one,
              itemStyle: { color: css('quiet') },
              label: { position: one.side === 'from' ? 'right' : 'left', formatter: label(one.tier) },
            })),
          label: { color: css('text'), textBorderColor: css('surface'), textBorderWidth: 3 },
          links: rows.map((row) => ({
            row,
            source: node('from', row.from_tier),
            target: node('to', row.to_tier),
            value: Number(row.heads),
            lineStyle: { color: changeColour(row.change), opacity: row.change === 'same' ? 0.25 : 0.7 },
          })),
        },
      ],
    },
  });
}
