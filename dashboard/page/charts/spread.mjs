// How values are spread: customers in equal steps of the scale.
import { axis, chart } from '../chart.mjs';
import { shade } from '../colours.mjs';
import { count, measure, short } from '../words.mjs';

const STEPS = 80;

// heads of each step; those of a bin are spread evenly from its lowest to its highest
function steps(bins, scale) {
  const [from, to] = [scale.to(scale.least), scale.to(scale.most)];
  const width = (to - from) / STEPS || 1;
  const heads = new Array(STEPS).fill(0);
  const step = (place) => Math.min(Math.max(Math.floor((place - from) / width), 0), STEPS - 1);
  for (const [low, high, in_bin] of bins) {
    const [begin, end] = [scale.to(low), scale.to(high)];
    for (let i = step(begin); i <= step(end); i += 1) {
      const part = end > begin ? Math.min(end, from + (i + 1) * width) - Math.max(begin, from + i * width) : 1;
      heads[i] += (in_bin * Math.max(part, 0)) / (end > begin ? end - begin : 1);
    }
  }
  return heads.map((n, i) => [from + i * width, n]).concat([[to, 0]]);
}

export function spread(body, bins, scale, says) {
  const data = steps(bins, scale);
  return chart(body, {
    says,
    option: {
      grid: { left: 52, right: 24, top: 12, bottom: 30 },
      xAxis: axis({
        type: 'value',
        min: data[0][0],
        max: data.at(-1)[0],
        splitLine: { show: false },
        axisLabel: {
          formatter: (place) => short(Number(measureOf(scale, place))),
          customValues: scale.ticks?.map(scale.to),
        },
        axisTick: { customValues: scale.ticks?.map(scale.to) },
      }),
      yAxis: axis({ type: 'value', axisLabel: { formatter: short }, axisLine: { onZero: false, show: false } }),
      tooltip: {
        trigger: 'axis',
        formatter: ([{ dataIndex: i }]) =>
          `${measure(scale.from(data[i][0]))} – ${measure(scale.from(data[Math.min(i + 1, STEPS)][0]))}\n` +
          count(data[i][1]),
      },
      series: [
        {
          type: 'line',
          step: 'end',
          showSymbol: false,
          data,
          lineStyle: { color: shade(0.6), width: 1 },
          itemStyle: { color: shade(0.6) },
          areaStyle: { color: shade(0.6), opacity: 0.5 },
          emphasis: { disabled: true },
        },
      ],
    },
  });
}

// what lies at a place, without the dust of there and back
const measureOf = (scale, place) => scale.from(place).toPrecision(6);
