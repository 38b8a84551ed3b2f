// What can be said without a server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ascending, classes } from '../page/estimate.mjs';
import { scaleOf } from '../page/scale.mjs';
import { en } from '../page/words/en.mjs';
import { zh } from '../page/words/zh.mjs';
import { Cache } from '../server/cache.mjs';
import { concentrated } from '../server/concentration.mjs';
import { cell } from '../server/csv.mjs';
import { Guard } from '../server/guard.mjs';
import { quoted } from '../server/identifiers.mjs';
import { news } from '../server/live.mjs';
import { options } from '../server/options.mjs';

test('a name becomes one identifier', () => {
  assert.equal(quoted('crm', 'a"b; DROP TABLE x'), '"crm"."a""b; DROP TABLE x"');
});

test('a cell never begins a formula', () => {
  for (const text of ['=1+1', '+1+1', '-1+cmd', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\uFF1D1', "=cmd|' /C calc'!A0"]) {
    assert.match(cell(text).replace(/^"/, ''), /^'/, JSON.stringify(text));
  }
  assert.deepEqual(
    [cell(-5), cell('-5.20'), cell(null), cell('a,b'), cell('say "x"'), cell('a\nb'), cell('A1')],
    ['-5', '-5.20', '', '"a,b"', '"say ""x"""', '"a\nb"', 'A1'],
  );
});

test('news are what refresh_scheme writes, and nothing else', () => {
  const said = { scheme: 'crm.abc', as_of: '2026-07-31', customers: 3, entered: 1, up: 1, down: 0, gone: 0 };
  assert.deepEqual(news(JSON.stringify({ ...said, more: '<b>' })), said);
  for (const wrong of [
    '',
    'null',
    '[]',
    '{',
    JSON.stringify({ ...said, up: '<script>' }),
    JSON.stringify({ ...said, as_of: 'x' }),
    JSON.stringify({ ...said, scheme: 'x'.repeat(300) }),
  ]) {
    assert.equal(news(wrong), null, wrong);
  }
});

test('the cache shares, forgets, and stays within its bounds', async () => {
  const cache = new Cache();
  let made = 0;
  const make = async () => String((made += 1));
  assert.deepEqual(await Promise.all([cache.get('a', make), cache.get('a', make)]), ['1', '1']);
  cache.clear();
  assert.equal(await cache.get('a', make), '2');
  // what was asked before a refresh is not kept after it
  let finish;
  const slow = cache.get(
    'slow',
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  cache.clear();
  finish('old');
  assert.equal(await slow, 'old');
  assert.equal(await cache.get('slow', async () => 'new'), 'new');
  await assert.rejects(
    cache.get('bad', async () => {
      throw new Error('no');
    }),
  );
  assert.equal(await cache.get('bad', async () => 'yes'), 'yes');
  const before = made;
  for (let i = 0; i < 600; i += 1) {
    await cache.get(`k${i}`, make);
  }
  await cache.get('k599', make);
  assert.equal(made, before + 600);
  await cache.get('k0', make);
  assert.equal(made, before + 601);
});

test('an old answer is given once more while another is made', async () => {
  const cache = new Cache(-1);
  let made = 0;
  const make = async () => String((made += 1));
  assert.equal(await cache.get('a', make), '1');
  assert.equal(await cache.get('a', make), '1');
  await new Promise(setImmediate);
  assert.equal(await cache.get('a', make), '2');
  // one that cannot be made anew is gone
  await cache.get('a', async () => {
    throw new Error('no');
  });
  await new Promise(setImmediate);
  assert.equal(await cache.get('a', async () => 'new'), 'new');
});

test('options are checked', () => {
  assert.equal(options({ KEY: '', ORIGINS: 'https://tiers.example.com, https://b.example' }).origins.length, 2);
  assert.notEqual(options({}).key, options({}).key);
  for (const wrong of [
    { PORT: 'x' },
    { PORT: '70000' },
    { DATABASE: 'dbname=x' },
    { ORIGINS: 'tiers.example.com' },
    { ORIGINS: 'https://a/b' },
    { ORIGINS: 'javascript:1' },
  ]) {
    assert.throws(() => options(wrong), JSON.stringify(wrong));
  }
});

test('hosts, origins and other pages', () => {
  const guard = new Guard({ port: 8642, origins: ['https://tiers.example.com'], key: 'k' });
  const check = (headers, path = '/api/schemes', method = 'GET') => {
    try {
      guard.check({ headers, method }, path);
      return 200;
    } catch (error) {
      return error.status;
    }
  };
  assert.equal(check({ host: '127.0.0.1:8642' }), 200);
  assert.equal(
    check({ host: 'LOCALHOST:8642', origin: 'http://localhost:8642', 'sec-fetch-site': 'same-origin' }),
    200,
  );
  assert.equal(check({ host: 'tiers.example.com', origin: 'https://tiers.example.com' }), 200);
  assert.equal(check({}), 421);
  assert.equal(check({ host: 'evil.example:8642' }), 421);
  assert.equal(check({ host: '127.0.0.1:8642.evil.example' }), 421);
  assert.equal(check({ host: '127.0.0.1:8642', origin: 'https://evil.example' }), 403);
  assert.equal(check({ host: '127.0.0.1:8642', origin: 'null' }), 403);
  assert.equal(check({ host: '127.0.0.1:8642', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }), 403);
  assert.equal(
    check({ host: '127.0.0.1:8642', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, '/'),
    200,
  );
  assert.equal(
    check({ host: '127.0.0.1:8642', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, '/events'),
    403,
  );
  assert.equal(check({ host: '127.0.0.1:8642' }, '/', 'POST'), 405);
});

test('an estimate adds up, whichever way is better', () => {
  const bins = [
    [-5, -1, 10, -30],
    [0, 0, 20, 0],
    [1, 3, 40, 80],
    [4, 4, 5, 20],
  ];
  for (const [lines, lower] of [
    [[0, 4], false],
    [[2], false],
    [[3, 0], true],
    [[99], false],
    [[-9], false],
  ]) {
    const found = classes(bins, lines, lower);
    assert.equal(found.length, lines.length + 1);
    assert.equal(
      found.reduce((sum, { heads }) => sum + heads, 0),
      75,
    );
    assert.equal(Math.round(found.reduce((sum, { value }) => sum + value, 0)), 70);
  }
  assert.deepEqual(
    classes(bins, [0, 4], false).map(({ heads }) => heads),
    [10, 60, 5],
  );
  assert.deepEqual(
    classes(bins, [3, 0], true).map(({ heads }) => heads),
    [5, 40, 30],
  );
  assert.deepEqual(
    classes(bins, [2], false).map(({ heads }) => heads),
    [50, 25],
  );
});

test('how concentrated values are, from bins', () => {
  // of each value a bin of its own, and four of one value together: exact
  const bins = [[-5, 1], [0, 2], [1, 4], [6, 1], [10, 2]].map(([value, heads]) => ({
    low: value,
    high: value,
    heads,
    total: value * heads,
  }));
  const { heads, gini, curve, shares } = concentrated(bins);
  assert.equal(heads, 10);
  // 10 10 6 1 1 1 1 0 0 0: the sum of (n - 1 - 2 i) v[i] is 9 + 7 + ...
  assert.ok(Math.abs(gini - (90 + 70 + 30 + 3 + 1 - 1 - 3) / (10 * 30)) < 1e-12, gini);
  assert.deepEqual(curve.at(1), [0.2, 20 / 30]);
  assert.deepEqual(
    shares.filter(([part]) => [0.01, 0.2, 0.3, 1].includes(part)).map(([, share]) => share * 30),
    [10, 20, 26, 30],
  );
  assert.equal(concentrated([{ low: -1, high: 0, heads: 3, total: -2 }]).gini, null);
});

test('lines are strictly ascending', () => {
  for (const numbers of [
    [3, 1, 2],
    [1, 1, 1],
    [0, 0],
    [-1, -1],
    [1e300, 1e300],
  ]) {
    const found = ascending(numbers);
    assert.ok(
      found.every((x, i) => i === 0 || x > found[i - 1]),
      `${numbers}: ${found}`,
    );
  }
});

test('a scale goes there and back', () => {
  for (const bins of [
    [
      [0, 10, 5, 20],
      [10, 20, 5, 80],
    ],
    [
      [-50, -1, 3, -60],
      [0, 5, 900, 900],
      [6, 1e6, 30, 2e6],
    ],
  ]) {
    const scale = scaleOf(bins);
    for (const value of [scale.least, 0, 1, 7, scale.most]) {
      assert.ok(Math.abs(scale.from(scale.to(value)) - value) <= 1e-9 * Math.max(Math.abs(value), 1));
    }
  }
});

test('both languages say the same things', () => {
  const shape = (words) =>
    Object.fromEntries(
      Object.entries(words).map(([key, word]) => [
        key,
        typeof word === 'object' && key !== 'reasons' ? Object.keys(word) : typeof word,
      ]),
    );
  assert.deepEqual(shape(zh), shape(en));
});
