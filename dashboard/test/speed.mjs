// How long each page takes to its first chart and to all of it, with a server that has just started, and its size.
//	PGHOST=... PGDATABASE=... node test/speed.mjs [runs]
import { browser, connect, dashboard, settled } from './harness.mjs';

const runs = Number(process.argv[2] ?? 3);
const sql = await connect();
const { rows } = await sql.query(`
  SELECT scheme::text, to_regclass(scheme || '_falling') IS NOT NULL AS planned
  FROM customer_tier.schemes WHERE as_of IS NOT NULL ORDER BY 1`);
await sql.end();
const pages = rows.flatMap(({ scheme, planned }) =>
  ['overview', 'customers', 'whatif', ...(planned ? ['plan'] : [])].map((page) => `${page}?scheme=${scheme}`),
);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const chrome = await browser();
console.log(['page'.padEnd(34), 'first', 'all, ms', 'kB'].join('\t'));
for (const hash of pages) {
  const found = [];
  for (let run = 0; run < runs; run += 1) {
    const board = await dashboard('postgres');
    const context = await chrome.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${board.address}#/${hash}`);
    await settled(page);
    // charts are painted a moment after their panel is settled
    await page.waitForLoadState('networkidle').catch(() => {});
    found.push(
      await page.evaluate(() => {
        const times = (list) => list.map(({ startTime }) => startTime);
        const marks = performance.getEntriesByType('mark');
        const charts = times(marks.filter(({ name }) => name === 'chart'));
        const loaded = [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')];
        return {
          first: Math.min(...(charts.length ? charts : times(marks))),
          all: Math.max(...times(marks)),
          size: loaded.reduce((sum, { transferSize }) => sum + transferSize, 0) / 1000,
        };
      }),
    );
    await context.close();
    await board.stop();
  }
  const of = (key) => Math.round(median(found.map((one) => one[key])));
  console.log([hash.padEnd(34), of('first'), of('all'), of('size')].join('\t'));
}
await chrome.close();
