// A chart: drawn by ECharts, said in a sentence, and there as a table.
import { css } from './colours.mjs';
import { h } from './dom.mjs';
import { words } from './words.mjs';

// asked for when the first chart is: tables are there before
let echarts;

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.chart?.resize();
  }
});

// what all charts have; a chart's own option wins
function common() {
  const text = css('text');
  return {
    animationDuration: 0,
    animationDurationUpdate: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 600,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text },
    // drawn on the canvas: no markup is made of what the database says
    tooltip: {
      renderMode: 'richText',
      confine: true,
      backgroundColor: css('surface'),
      borderColor: css('border'),
      textStyle: { color: text, fontSize: 12 },
    },
  };
}

export function axis(options = {}) {
  const { axisLabel, ...rest } = options;
  return {
    axisLine: { lineStyle: { color: css('quiet') } },
    axisLabel: { color: css('quiet'), hideOverlap: true, ...axisLabel },
    nameTextStyle: { color: css('quiet') },
    splitLine: { lineStyle: { color: css('border') } },
    nameLocation: 'middle',
    ...rest,
  };
}

// Draws into the body of a panel.  says: the reading of the chart; table: its figures; tall, in pixels.
export async function chart(body, { option, says, table, tall = 280, least, onclick }) {
  let figure = body.querySelector(':scope > figure');
  if (!figure) {
    figure = h(
      'figure',
      {},
      h('figcaption'),
      h('div', { class: 'scroll' }, h('div', { class: 'chart', role: 'img' })),
      table && h('details', {}, h('summary', {}, words.asTable), h('div')),
    );
    body.replaceChildren(figure);
  }
  figure.querySelector('figcaption').replaceChildren(says);
  const place = figure.querySelector('.chart');
  place.setAttribute('aria-label', says);
  place.style.height = `${tall}px`;
  place.style.minWidth = least ? `${least}px` : '';
  if (table) {
    figure.querySelector('details > div').replaceChildren(table);
  }
  echarts ??= import('./echarts.mjs');
  const { init } = await echarts;
  if (!place.isConnected) {
    return null;
  }
  if (!place.chart) {
    // where it is wider than the screen, what is latest is seen first
    place.parentElement.scrollLeft = place.scrollWidth;
    place.chart = init(place);
    resized.observe(place);
  }
  place.chart.setOption(
    { ...common(), ...option, tooltip: { ...common().tooltip, ...option.tooltip } },
    { notMerge: true },
  );
  place.chart.off('click');
  if (onclick) {
    place.chart.on('click', onclick);
  }
  performance.mark('chart');
  return place.chart;
}

// charts that leave the page
export function dispose(within) {
  for (const place of within.querySelectorAll('.chart')) {
    resized.unobserve(place);
    place.chart?.dispose();
  }
}
