// What the server answers: to the page, to others, and to roles that may see less.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Database, refusalOf } from '../server/database.mjs';
import { address, ask, connect, dashboard } from './harness.mjs';

let board, sql;
const json = async (path, of = board) => JSON.parse((await ask(of, path)).text);
const status = async (path, headers, method, of = board) => (await ask(of, path, headers, method)).status;
const query = (name, parameters) => `/api/${name}?${new URLSearchParams(parameters)}`;

before(async () => {
  sql = await connect();
  board = await dashboard('postgres');
});

after(async () => {
  await board?.stop();
  await sql?.end();
});

test('the address has a key, and without it nothing is shown', async () => {
  const { port } = board;
  assert.equal(await status('/', { cookie: '' }), 401);
  assert.equal(await status('/?key=wrong', { cookie: '' }), 401);
  assert.equal(await status('/api/schemes', { cookie: '' }), 401);
  assert.equal(await status('/events', { cookie: '' }), 401);
  assert.equal(await status('/main.mjs', { cookie: `customer_tier_${port}=wrong` }), 401);
  const opened = await ask(board, `/?key=${board.key}`, { cookie: '' });
  assert.equal(opened.status, 303);
  assert.match(opened.headers['set-cookie'][0], /HttpOnly; SameSite=Lax/);
  assert.equal(await status('/', { cookie: opened.headers['set-cookie'][0].split(';')[0] }), 200);
});

test('a foreign host, a foreign origin and another page are refused', async () => {
  assert.equal(await status('/', { host: 'evil.example' }), 421);
  assert.equal(await status('/api/schemes', { host: `evil.example:${board.port}` }), 421);
  assert.equal(await status('/api/schemes', { origin: 'https://evil.example' }), 403);
  assert.equal(await status('/events', { 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await status('/api/schemes', {}, 'POST'), 405);
  assert.equal(await status('/../package.json'), 404);
  assert.equal(await status('/%2e%2e/package.json'), 404);
  assert.equal(await status('/api/toString'), 404);
  assert.equal(await status('/api/__proto__'), 404);
  assert.equal(await status(`/api/schemes?${'x'.repeat(9000)}`), 414);
});

test('every answer has a policy that runs nothing inline', async () => {
  for (const path of ['/', '/api/schemes', '/api/none']) {
    const { headers } = await ask(board, path);
    assert.match(headers['content-security-policy'], /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.doesNotMatch(headers['content-security-policy'], /unsafe/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
});

test('figures are those of the views', async () => {
  const rows = await json(query('summary', { scheme: 'crm.abc' }));
  const { rows: found } = await sql.query('SELECT tier, heads, value FROM crm.abc_summary ORDER BY tier_rank DESC');
  assert.deepEqual(
    rows.map(({ tier, heads, value }) => ({ tier, heads, value })),
    found,
  );
  const lorenz = await json(query('lorenz', { scheme: 'crm.abc' }));
  const {
    rows: [exact],
  } = await sql.query(`
    SELECT (c).gini, ARRAY[(c).top_1_share, (c).top_10_share, (c).top_20_share] AS top
    FROM (SELECT customer_tier.concentration(value) AS c FROM crm.abc) AS x`);
  const near = (a, b) => assert.ok(Math.abs(a - b) < 5e-5, `${a} is not ${b}`);
  near(lorenz.gini, exact.gini);
  [0.01, 0.1, 0.2].forEach((part, i) => near(lorenz.shares.find(([at]) => at === part)[1], exact.top[i]));
  assert.deepEqual(
    (await json(query('heat', { scheme: 'crm.rfm' }))).map(({ x, y, heads }) => [x, y, heads]),
    (await sql.query('SELECT f_score, r_score, count(*)::text AS n FROM crm.rfm GROUP BY 1, 2 ORDER BY 1, 2')).rows.map(
      ({ f_score, r_score, n }) => [f_score, r_score, n],
    ),
  );
  const bins = await json(query('histogram', { scheme: 'crm.rfm', axis: 'm' }));
  const {
    rows: [all],
  } = await sql.query('SELECT count(m)::int AS heads, sum(m) AS value FROM crm.rfm');
  assert.equal(
    bins.reduce((sum, bin) => sum + bin[2], 0),
    all.heads,
  );
  assert.ok(Math.abs(bins.reduce((sum, bin) => sum + bin[3], 0) - all.value) < 0.01);
});

test('what the page opens with are the schemes, and the overview of the first that was refreshed', async () => {
  const { schemes, answers } = await json('/api/first');
  assert.deepEqual(schemes, await json('/api/schemes'));
  const shown = schemes.find(({ as_of }) => as_of !== null);
  const asked = Object.keys(answers);
  assert.ok(asked.length >= 4 && asked.every((key) => key.endsWith(`?${new URLSearchParams({ scheme: shown.name })}`)));
  for (const key of asked) {
    assert.deepEqual(answers[key], await json(`/api/${key}`), key);
  }
});

test('pages by key are the whole list in order, for every column and way', async () => {
  const where = "tier = 'key'";
  for (const [sort, order] of [
    ['tier_rank', 'down'],
    ['customer', 'up'],
    ['customer', 'down'],
    ['since', 'up'],
    ['relationship', 'down'],
    ['potential', 'up'],
  ]) {
    const found = [];
    let place = '';
    do {
      const { rows, next } = await json(
        query('customers', { scheme: 'crm.relation', tier: 'key', sort, order, after: place }),
      );
      found.push(...rows.map(({ customer }) => customer));
      place = next;
    } while (place);
    const { rows } = await sql.query(`SELECT customer::text FROM crm.relation AS x WHERE ${where}
      ORDER BY x."${sort}" ${order === 'down' ? 'DESC' : 'ASC'} NULLS LAST, x.customer`);
    assert.deepEqual(
      found,
      rows.map(({ customer }) => customer),
      `${sort} ${order}`,
    );
  }
});

test('owners are those of the allocation, where it may be read', async () => {
  const names = 'SELECT DISTINCT owner FROM crm.managers_history WHERE is_current AND owner IS NOT NULL ORDER BY owner';
  const scheme = 'crm.relation';
  assert.deepEqual(await json(query('owners', { scheme })), (await sql.query(names)).rows);
  const { rows } = await json(query('customers', { scheme, owner: 'Bob' }));
  const { rows: found } = await sql.query(`
    SELECT r.customer::text FROM crm.relation AS r JOIN crm.managers AS m USING (customer) WHERE owner = 'Bob'
    ORDER BY r.tier_rank DESC, r.customer LIMIT 50`);
  assert.deepEqual(
    rows.map(({ customer, owner }) => [customer, owner]),
    found.map(({ customer }) => [customer, 'Bob']),
  );
  const viewer = await dashboard('viewer');
  try {
    const { rows: attributes } = await sql.query('SELECT DISTINCT owner FROM customer ORDER BY owner');
    assert.deepEqual(await json(query('owners', { scheme }), viewer), attributes);
    const { rows: hers } = await json(query('customers', { scheme, owner: '陈' }), viewer);
    assert.ok(hers.length === 50 && hers.every(({ owner }) => owner === '陈'));
  } finally {
    await viewer.stop();
  }
});

test('search finds keys and names, and takes nothing for a pattern or for SQL', async () => {
  const found = async (q, more = {}) =>
    (await json(query('customers', { scheme: 'crm.relation', q, ...more }))).rows.map(({ customer }) => customer);
  assert.deepEqual(await found('<img src=x'), ['54']);
  assert.deepEqual(await found("Robert'); DROP"), ['230']);
  assert.deepEqual(await found('100% _under\\score "quoted"'), ['260']);
  assert.deepEqual(await found('_%'), []);
  assert.ok((await found('customer 312')).includes('312'));
  const {
    rows: [{ owner }],
  } = await sql.query('SELECT owner FROM crm.managers WHERE customer = 54');
  assert.deepEqual(await found('<img', { owner, tier: 'key' }), ['54']);
  assert.deepEqual(await found('<img', { owner: "' OR true --" }), []);
  assert.equal(await status(query('customers', { scheme: 'crm.relation', sort: 'tier; DROP TABLE sales' })), 400);
  assert.equal(await status(query('customers', { scheme: 'crm.relation', after: '["x' })), 400);
  assert.equal(await status(query('customers', { scheme: 'crm.relation', after: '["1","not a number"]' })), 400);
  assert.equal(await status(query('customers', { scheme: "crm.abc'; --" })), 404);
  assert.equal(await status(query('customer', { scheme: 'crm.abc', customer: '1; DROP TABLE sales' })), 400);
  const {
    rows: [{ there }],
  } = await sql.query("SELECT to_regclass('sales') IS NOT NULL AS there");
  assert.ok(there);
});

test('names that have to be quoted, and customers of text', async () => {
  const scheme = 'crm.Odd "name" <i>';
  const { rows } = await json(query('customers', { scheme, sort: 'value' }));
  assert.deepEqual(
    rows.map(({ customer }) => customer),
    ['<b>bold</b>', "'; DROP TABLE sales; --", '=1+1', '#?&/%', ''],
  );
  for (const { customer } of rows) {
    assert.equal((await json(query('customer', { scheme, customer }))).customer, customer);
    assert.equal((await json(query('ledger', { scheme, customer }))).length, 1, customer);
    assert.equal((await json(query('progress', { scheme, customer }))).length, 1);
  }
  assert.ok((await json(query('simulate', { scheme, axis: 'value', at: '10,60' }))).length > 0);
});

test('CSV has all rows, and no formula', async () => {
  const { text, headers } = await ask(
    board,
    `/customers.csv?${new URLSearchParams({ scheme: 'crm.relation', tier: 'key' })}`,
  );
  assert.match(headers['content-type'], /text\/csv/);
  const {
    rows: [{ n }],
  } = await sql.query("SELECT count(*)::int AS n FROM crm.relation WHERE tier = 'key'");
  assert.equal(text.trim().split('\r\n').length, n + 1);
  assert.match(text, /"'=HYPERLINK\(""http/);
  const odd = (await ask(board, `/customers.csv?${new URLSearchParams({ scheme: 'crm.Odd "name" <i>' })}`)).text;
  assert.match(odd, /^'=1\+1,|^"'=1\+1"/m);
  assert.equal(await status('/customers.csv?scheme=crm.none'), 404);
});

test('a simulation is that of simulate, and writes nothing', async () => {
  const { rows: before } = await sql.query('SELECT count(*), max(xmin::text::bigint) FROM crm.abc__state');
  const rows = await json(query('simulate', { scheme: 'crm.rfm', axis: 'r', at: '60,120,240,480' }));
  const { rows: found } = await sql.query(`
    SELECT tier_now, tier_then, change, heads, value
    FROM customer_tier.simulate_migration('crm.rfm', axes => (
      SELECT array_agg(CASE a ->> 'name' WHEN 'r' THEN a || '{"by": "value", "at": [60, 120, 240, 480]}' ELSE a END
                       ORDER BY i)
      FROM customer_tier.schemes, jsonb_array_elements(to_jsonb(axes)) WITH ORDINALITY AS e(a, i)
      WHERE scheme = 'crm.rfm'::regclass))`);
  const sorted = (list) => list.map((row) => JSON.stringify(row)).sort();
  assert.deepEqual(sorted(rows), sorted(found));
  assert.equal(await status(query('simulate', { scheme: 'crm.rfm', axis: 'r', at: '60,x' })), 400);
  assert.equal(await status(query('simulate', { scheme: 'crm.rfm', axis: 'none', at: '60' })), 400);
  assert.deepEqual((await sql.query('SELECT count(*), max(xmin::text::bigint) FROM crm.abc__state')).rows, before);
});

test('a plan is shown where there is one of the owner of the scheme', async () => {
  const schemes = await json('/api/schemes');
  const views = (name) => schemes.find((scheme) => scheme.name === name).views;
  assert.ok(['_plan', '_coverage', '_falling'].every((view) => views('crm.relation').includes(view)));
  assert.ok(!views('crm.abc').includes('_plan'));
  assert.equal(await status(query('plan', { scheme: 'crm.abc' })), 404);
});

test('whom to contact, who was, and who falls when', async () => {
  const scheme = 'crm.relation';
  const due = "state IN ('never', 'overdue', 'due')";
  for (const owner of ['', 'Ann', "' OR true --"]) {
    const { rows, most } = await json(query('plan', { scheme, owner }));
    const { rows: found } = await sql.query(
      `
      SELECT customer::text, owner, state, days_overdue FROM crm.relation_plan
      WHERE ${due} AND ($1 = '' OR owner = $1)
      ORDER BY priority, state <> 'never', days_overdue DESC, value DESC, customer LIMIT 201`,
      [owner],
    );
    assert.equal(most, 200);
    assert.deepEqual(
      rows.map(({ customer, owner, state, days_overdue }) => ({ customer, owner, state, days_overdue })),
      found,
    );
  }
  const { rows: owners } = await sql.query(`
    SELECT owner, count(*)::text AS contacts FROM crm.relation_plan WHERE ${due} GROUP BY owner ORDER BY owner`);
  assert.ok(owners.length === 8);
  assert.deepEqual(await json(query('plan-owners', { scheme })), owners);
  const { rows: covered } = await sql.query('SELECT tier, seen::text, target FROM crm.relation_coverage');
  const by = (list) => list.map(({ tier, seen, target }) => JSON.stringify([tier, seen, target])).sort();
  assert.deepEqual(by(await json(query('coverage', { scheme }))), by(covered));
  const { days, rows: first } = await json(query('falling', { scheme }));
  const { rows: falling } = await sql.query(`
    SELECT customer::text, falls_on::text, falls_to, missing FROM crm.relation_falling
    ORDER BY falls_on, tier_rank DESC, missing, relation_falling.customer`);
  assert.ok(falling.length > 0);
  assert.equal(
    days.reduce((sum, { heads }) => sum + heads, 0),
    falling.length,
  );
  assert.deepEqual(
    first.map(({ customer, falls_on, falls_to, missing }) => ({ customer, falls_on, falls_to, missing })),
    falling.slice(0, 201),
  );
  const [{ customer, ...next }] = first;
  const one = await json(query('ahead', { scheme, customer }));
  assert.deepEqual(one.falling, { falls_on: next.falls_on, falls_to: next.falls_to, missing: next.missing });
  assert.deepEqual(await json(query('ahead', { scheme: 'crm.abc', customer })), {});
});

test('roles see what they were granted', async () => {
  // attributes in a schema that a role may not use
  await sql.query(`
    CREATE SCHEMA hidden;
    CREATE TABLE hidden.person (who text PRIMARY KEY, name text, owner text);
    GRANT SELECT ON hidden.person TO partly;
    SELECT customer_tier.create_scheme('crm.odd', 'odd', preset => 'abc', attributes => 'hidden.person');
    SELECT FROM customer_tier.refresh_scheme('crm.odd', '2026-06-30');
    GRANT SELECT ON crm.odd TO partly`);
  const [viewer, partly, stranger] = await Promise.all(
    ['viewer', 'partly', 'stranger'].map((role) => dashboard(role)),
  );
  try {
    const of = (who) => (name, parameters) => status(query(name, parameters), {}, 'GET', who);
    assert.deepEqual(await json('/api/schemes', stranger), []);
    assert.equal(await of(stranger)('summary', { scheme: 'crm.abc' }), 404);
    assert.equal(await of(stranger)('customer', { scheme: 'crm.abc', customer: '1' }), 404);
    assert.equal(await of(partly)('customer', { scheme: 'crm.abc', customer: '1' }), 200);
    assert.equal(await of(partly)('summary', { scheme: 'crm.abc' }), 403);
    assert.equal(await of(partly)('history', { scheme: 'crm.abc', customer: '1' }), 403);
    assert.equal(await of(viewer)('summary', { scheme: 'crm.abc' }), 200);
    assert.equal(await of(partly)('simulate', { scheme: 'crm.abc', axis: 'value', at: '10,100' }), 200);
    assert.equal(await of(stranger)('simulate', { scheme: 'crm.abc', axis: 'value', at: '10,100' }), 404);
    assert.deepEqual(await json('/api/models', stranger), []);
    assert.equal(await of(viewer)('ledger', { scheme: 'crm.abc', customer: '1' }), 403);
    assert.equal((await json(query('customer', { scheme: 'crm.relation', customer: '54' }), viewer)).owner, 'Ann');
    assert.equal((await json(query('customer', { scheme: 'crm.abc', customer: '54' }), partly)).name, undefined);
    assert.deepEqual(await json(query('owners', { scheme: 'crm.odd' }), partly), []);
    const { rows } = await json(query('customers', { scheme: 'crm.odd' }), partly);
    assert.ok(rows.length > 0 && rows.every(({ name }) => name === undefined));
  } finally {
    await sql.query(`
      SELECT customer_tier.drop_scheme(to_regclass('crm.odd')) WHERE to_regclass('crm.odd') IS NOT NULL;
      DROP SCHEMA IF EXISTS hidden CASCADE`);
    await Promise.all([viewer, partly, stranger].map((one) => one.stop()));
  }
});

test('nothing can be written, and a long query ends', async () => {
  const database = new Database({ database: address, timeout: 3000 });
  const code = (promise) =>
    promise.then(
      () => null,
      (error) => error.code,
    );
  assert.equal(await code(database.read((q) => q('DELETE FROM public.sales'))), '25006');
  assert.equal(await code(database.read((q) => q('SELECT pg_sleep(30)'))), '57014');
  assert.equal(refusalOf({ code: '57014', message: '' }).status, 504);
  await database.end();
});

test('a query ends when nobody waits for it', async () => {
  const database = new Database({ database: address, timeout: 20_000 });
  const started = Date.now();
  await assert.rejects(
    Promise.all(
      Array.from({ length: 8 }, () => {
        const gone = new AbortController();
        setTimeout(() => gone.abort(), 300);
        return database.read((q) => q('SELECT pg_sleep(15)'), gone.signal);
      }),
    ),
  );
  // the connection that was cancelled is fit for the next
  assert.deepEqual(await database.read((q) => q('SELECT 1 AS one')), [{ one: 1 }]);
  assert.ok(Date.now() - started < 12_000);
  await database.end();
});

test('behind a proxy: its origin, and no key', async () => {
  const proxied = await dashboard('postgres', { KEY: '', ORIGINS: 'https://tiers.example.com' });
  const headers = { host: 'tiers.example.com', origin: 'https://tiers.example.com', cookie: '' };
  assert.equal(await status('/api/schemes', headers, 'GET', proxied), 200);
  assert.equal(await status('/api/schemes', { ...headers, origin: 'http://tiers.example.com' }, 'GET', proxied), 403);
  await proxied.stop();
});

test('what cannot be is said in a line', async () => {
  await assert.rejects(dashboard('nobody_at_all'), /^Error: customer_tier: .*nobody_at_all.*\n$/);
  await assert.rejects(dashboard('postgres', { DATABASE: 'dbname=x' }), /not like postgresql:/);
});
