// A year of purchases, day by day; days on which more came back than was bought stand out.
import { chart } from '../chart.mjs';
import { css, shade } from '../colours.mjs';
import { h, number, table } from '../dom.mjs';
import { amount, count, language, words } from '../words.mjs';

const DAY = 86_400_000;
const iso = (time) => new Date(time).toISOString().slice(0, 10);

export function calendar(body, rows, last) {
  if (rows.length === 0) {
    body.replaceChildren(h('p', { class: 'quiet' }, words.noLedger));
    return;
  }
  const until = Date.parse(last ?? rows[0].day);
  const from = iso(until - 364 * DAY);
  const shown = rows.filter(({ day }) => day >= from && day <= iso(until));
  const most = Math.max(...shown.map(({ amount: money }) => Number(money)), 0);
  const total = shown.reduce((sum, { amount: money }) => sum + Number(money), 0);
  chart(body, {
    says: words.ledgerSays(shown.length, amount(total)),
    tall: 170,
    least: 720,
    table: table(
      [words.day, number(words.purchases), number(words.otherRows), number(words.amount)],
      rows.map((row) => [
        row.day,
        number(count(row.purchases)),
        number(count(row.other_rows)),
        number(amount(row.amount)),
      ]),
      { caption: words.ledger },
    ),
    option: {
      tooltip: {
        formatter: ({
          data: {
            value: [day, money],
          },
        }) => `${day}: ${amount(money)}`,
      },
      calendar: {
        range: [from, iso(until)],
        left: 36,
        right: 8,
        top: 24,
        bottom: 8,
        cellSize: ['auto', 18],
        itemStyle: { color: css('page'), borderColor: css('border'), borderWidth: 1 },
        splitLine: { lineStyle: { color: css('quiet') } },
        dayLabel: { color: css('quiet'), nameMap: language === 'zh' ? 'ZH' : 'EN', firstDay: 1 },
        monthLabel: { color: css('quiet'), nameMap: language === 'zh' ? 'ZH' : 'EN' },
        yearLabel: { show: false },
      },
      series: [
        {
          type: 'heatmap',
          coordinateSystem: 'calendar',
          data: shown.map((row) => ({
            value: [row.day, Number(row.amount)],
            itemStyle: {
              color:
                Number(row.amount) < 0 ? css('down') : shade(0.3 + 0.7 * Math.sqrt(Number(row.amount) / (most || 1))),
            },
          })),
        },
      ],
      visualMap: { show: false, min: 0, max: 1, inRange: { opacity: 1 } },
    },
  });
}
