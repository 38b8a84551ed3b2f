// The page in a browser: seen, clicked, searched, moved, and told of a refresh.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browser, connect, dashboard, open, settled } from './harness.mjs';

let chrome, board, sql;

before(async () => {
  sql = await connect();
  board = await dashboard('postgres');
  chrome = await browser();
});

after(async () => {
  await chrome?.close();
  await board?.stop();
  await sql?.end();
});

const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

test('every page shows its parts, in light, dark, wide, on a phone, in both languages, without an error', async () => {
  for (const options of [
    {},
    { colorScheme: 'dark', locale: 'zh-CN', viewport: { width: 375, height: 800 }, hasTouch: true },
  ]) {
    const { page, errors, show, close } = await open(chrome, board, options);
    for (const [hash, parts] of [
      ['overview?scheme=crm.abc', 4],
      ['overview?scheme=crm.rfm', 5],
      ['customers?scheme=crm.relation', 1],
      ['customer?scheme=crm.rfm&customer=54', 3],
      ['whatif?scheme=crm.rfm', 2],
      ['plan?scheme=crm.relation', 3],
      ['models', 2],
    ]) {
      await show(hash);
      assert.equal(await page.locator('main section').count(), parts, hash);
      assert.equal(await page.locator('[role=alert]').count(), 0, hash);
      assert.ok((await wide(page)) <= 0, `${hash} is wider than the screen`);
      // what is drawn is said, and is there as a table
      for (const image of await page.locator('.chart[role=img]').all()) {
        assert.ok((await image.getAttribute('aria-label')).length > 5, hash);
      }
    }
    assert.equal(await page.evaluate(() => document.documentElement.lang), options.locale ?? 'en');
    assert.deepEqual(errors, []);
    await close();
  }
});

test('from a tier to its customers, to one of them, and back', async () => {
  const { page, errors, show, close } = await open(chrome, board);
  await show('overview?scheme=crm.relation');
  await page.getByRole('link', { name: '重要客户 key' }).click();
  await page.waitForSelector('main table a');
  assert.equal(await page.getByLabel('Tier', { exact: true }).inputValue(), 'key');
  await page.getByRole('link', { name: '54', exact: true }).click();
  await page.waitForSelector('#explained');
  assert.match(await page.textContent('#explained'), /is 重要客户 key since 2026-06-30/);
  // a name is text, whatever it says
  assert.match(await page.textContent('#explained'), /<img src=x onerror/);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.equal(await page.locator('main img').count(), 0);
  await page.getByRole('link', { name: 'All customers' }).click();
  await page.waitForSelector('#search');
  assert.deepEqual(errors, []);
  await close();
});

test('the plan by owner, who falls when, and the plan of one customer', async () => {
  const { page, errors, show, close } = await open(chrome, board);
  await show('plan?scheme=crm.relation');
  const part = (name) => page.getByRole('region', { name, exact: true });
  const due = part('Contacts that are due');
  await due.getByLabel('Owner', { exact: true }).selectOption('Ann');
  await settled(page);
  const rows = await due.locator('tbody tr').allInnerTexts();
  assert.ok(rows.length > 1 && rows.every((row) => /\bAnn\b/.test(row)), rows[0]);
  const falling = part('Who falls when');
  const {
    rows: [{ heads, day }],
  } = await sql.query('SELECT count(*)::int AS heads, min(falls_on)::text AS day FROM crm.relation_falling');
  assert.equal(
    await falling.locator('.says').innerText(),
    `${heads} customers have less than their tier asks for. The first fall on ${day}.`,
  );
  const one = falling.locator('tbody').nth(1).locator('tr').first();
  const [when, where] = [await one.locator('.date').last().innerText(), await one.locator('td').last().innerText()];
  assert.equal(when, day);
  await one.getByRole('link').click();
  await page.waitForSelector('#explained');
  assert.ok((await page.locator('#explained + ul').innerText()).includes(`Falls to ${where} on ${day}`));
  await show('plan?scheme=crm.relation');
  await due.getByRole('link').first().click();
  await page.waitForSelector('#explained');
  const said = await page.locator('#explained + ul').innerText();
  assert.match(said, /Contacts in the period: 0 of 1\. There was none ever\./);
  assert.deepEqual(errors, []);
  await close();
});

test('search, filter, sort, turn over, and the file of it', async () => {
  const { page, errors, show, close } = await open(chrome, board);
  await show('customers?scheme=crm.relation');
  const first = () => page.locator('main tbody tr').first().innerText();
  await page.fill('#search', 'DROP TABLE');
  await page.waitForFunction(() => document.querySelectorAll('main tbody tr').length === 1);
  assert.match(await first(), /Robert'\); DROP TABLE sales; --/);
  await page.fill('#search', '');
  await page.waitForFunction(() => document.querySelectorAll('main tbody tr').length === 50);
  await page.getByLabel('Owner', { exact: true }).selectOption('Ann');
  await settled(page);
  assert.ok((await page.locator('main tbody tr td:last-child').allInnerTexts()).every((text) => text === 'Ann'));
  await page.getByRole('button', { name: 'potential' }).click();
  await settled(page);
  const best = await first();
  const {
    rows: [row],
  } = await sql.query(`SELECT max(potential)::text AS most FROM crm.relation JOIN crm.managers USING (customer)
    WHERE owner = 'Ann'`);
  assert.ok(best.replaceAll(',', '').includes(row.most), best);
  await page.getByRole('button', { name: 'Next' }).click();
  await settled(page);
  assert.notEqual(await first(), best);
  await page.getByRole('button', { name: 'Previous' }).click();
  await settled(page);
  assert.equal(await first(), best);
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  assert.equal(file.suggestedFilename(), 'crm.relation 2026-07-31.csv');
  assert.deepEqual(errors, []);
  await close();
});

test('a line moves by mouse and by keys: heads and value follow, then the simulation', async () => {
  const { page, errors, show, close } = await open(chrome, board);
  await show('whatif?scheme=crm.abc');
  await page.waitForSelector('[role=slider]');
  const figures = () => page.locator('[aria-live] tbody').innerText();
  const simulated = () => page.locator('main section').nth(1).locator('tbody').innerText();
  // nothing has moved: the tiers of now, without a simulation
  const now = await sql.query("SELECT heads::int FROM crm.abc_summary WHERE tier = 'A'");
  assert.match(await simulated(), new RegExp(`^A\\s+${now.rows[0].heads.toLocaleString('en')}\\s`));
  const [before, kept] = [await figures(), await simulated()];
  const slider = page.getByRole('slider', { name: 'line of score 3' });
  const box = await slider.boundingBox();
  await page.mouse.move(box.x + 12, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 110, box.y + 10, { steps: 5 });
  assert.notEqual(await figures(), before, 'nothing followed the mouse');
  await page.mouse.up();
  await page.waitForFunction(
    (was) => document.querySelectorAll('main section')[1].querySelector('tbody').innerText !== was,
    kept,
  );
  await settled(page);
  // the estimate is close to the simulation
  const heads = (text) => Number(/A\s+(?:[\d.,]+\s+)([\d,]+)/.exec(text)[1].replaceAll(',', ''));
  const [guess, found] = [heads(await figures()), heads(await simulated())];
  assert.ok(found > 0 && Math.abs(guess - found) <= Math.max(0.05 * found, 5), `${guess} is not ${found}`);
  const at = Number(await slider.getAttribute('aria-valuenow'));
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  assert.ok(Number(await slider.getAttribute('aria-valuenow')) > at);
  assert.match(await slider.getAttribute('aria-valuetext'), /reach it/);
  await page.getByRole('button', { name: 'As it is now' }).click();
  await page.waitForFunction(
    (was) => document.querySelectorAll('main section')[1].querySelector('tbody').innerText === was,
    kept,
  );
  assert.equal(await figures(), before);
  assert.deepEqual(errors, []);
  await close();
});

test('a refresh arrives by itself', async () => {
  const { page, errors, show, close } = await open(chrome, board);
  await show('overview?scheme=crm.abc');
  await page.waitForSelector('#live.on');
  const total = () => page.locator('tfoot').first().innerText();
  const before = await total();
  await sql.query("INSERT INTO sales (customer_id, sold_at, amount) VALUES (32999, '2026-08-10', 54321)");
  await sql.query("SELECT FROM customer_tier.refresh_scheme('crm.abc', '2026-08-15')");
  await page.waitForFunction((was) => document.querySelector('tfoot').innerText !== was, before);
  assert.match(await page.textContent('#live'), /crm\.abc was refreshed as of 2026-08-15/);
  assert.match(await page.textContent('h1'), /as of 2026-08-15/);
  // what is no news is not told
  await sql.query('SELECT pg_notify(\'customer_tier\', \'{"scheme": "<img src=x onerror=window.hurt=1>"}\')');
  await page.waitForTimeout(500);
  assert.match(await page.textContent('#live'), /2026-08-15/);
  assert.deepEqual(errors, []);
  await close();
});

test('it connects again, and tells', async () => {
  const { page, show, close } = await open(chrome, board);
  await show('overview?scheme=crm.abc');
  await page.waitForSelector('#live.on');
  await sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN customer_tier'");
  await page.waitForSelector('#live.off');
  await page.waitForSelector('#live.on');
  await sql.query("SELECT FROM customer_tier.refresh_scheme('crm.abc', '2026-08-16')");
  await page.waitForFunction(() => /2026-08-16/.test(document.querySelector('#live').textContent));
  await close();
});

test('by the keyboard alone', async () => {
  const { page, show, close } = await open(chrome, board);
  await show('overview?scheme=crm.abc');
  await page.reload();
  await settled(page);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'skip');
  for (const wanted of ['scheme', 'Overview', 'Customers']) {
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id || document.activeElement.textContent), wanted);
  }
  await page.keyboard.press('Enter');
  await page.waitForSelector('#search');
  await settled(page);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await close();
});

test('a role without rights is told so', async () => {
  const [stranger, partly] = await Promise.all([dashboard('stranger'), dashboard('partly')]);
  const nothing = await open(chrome, stranger);
  await nothing.page.waitForSelector('[role=alert]');
  assert.match(await nothing.page.textContent('[role=alert]'), /no scheme that you may see/);
  await nothing.close();
  const little = await open(chrome, partly);
  await little.show('overview?scheme=crm.abc');
  assert.match(await little.page.locator('[role=alert]').first().textContent(), /You may not see this/);
  await little.close();
  await Promise.all([stranger.stop(), partly.stop()]);
});
