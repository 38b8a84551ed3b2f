// CSV that a spreadsheet opens without running what is in it.
import { once } from 'node:events';
import { openAll } from './api/customers.mjs';

const ROWS = 1_000_000;
const BATCH = 2000;

// Text that begins like a formula gets an apostrophe before it; numbers are what they are.
export function cell(value) {
  if (value === null || value === undefined) {
    return '';
  }
  let text = String(value);
  if (
    typeof value !== 'number' &&
    /^[\s\0]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\t\r\n|]/.test(text) &&
    !/^-?\d+(\.\d+)?$/.test(text)
  ) {
    text = `'${text}`;
  }
  return /[",\r\n;\t']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const line = (cells) => `${cells.map(cell).join(',')}\r\n`;

// row by row, as fast as the reader reads
export async function sendCsv(request, response, signal) {
  const { ask, scheme } = request;
  await openAll(request);
  const name = `${scheme.name} ${scheme.rule.as_of ?? ''}`.trim();
  let sent = 0;
  for (;;) {
    const rows = await ask(`FETCH ${BATCH} FROM customers`);
    if (sent === 0) {
      response.writeHead(200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="customers.csv"; filename*=UTF-8''${encodeURIComponent(name)}.csv`,
        'cache-control': 'no-store',
      });
      response.write(`\uFEFF${line(Object.keys(rows[0] ?? { customer: null }))}`);
    }
    sent += rows.length;
    if (!response.write(rows.map((row) => line(Object.values(row))).join(''))) {
      await once(response, 'drain', { signal });
    }
    if (rows.length < BATCH || sent >= ROWS) {
      response.end();
      return;
    }
  }
}
