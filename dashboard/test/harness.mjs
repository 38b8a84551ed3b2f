// What the tests share: a database as the sample shop makes it, dashboards of several roles, and a browser.
import { spawn } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { chromium } from 'playwright-core';

const main = fileURLToPath(new URL('../server/main.mjs', import.meta.url));
const { PGHOST, PGDATABASE, CHROMIUM = '/usr/bin/chromium' } = process.env;

export async function connect(user = 'postgres') {
  const client = new pg.Client({ host: PGHOST, database: PGDATABASE, user });
  await client.connect();
  return client;
}

export const address = `postgresql:///${PGDATABASE}?host=${PGHOST}&user=postgres`;

// a dashboard of a role; stop() ends it
export async function dashboard(user, environment = {}) {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      DATABASE: `postgresql:///${PGDATABASE}?host=${PGHOST}&user=${user}`,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const shown = await new Promise((resolve, reject) => {
    const hear = (chunk) => {
      said += chunk;
      const found = /http:\/\/\S+/.exec(said);
      if (found) {
        resolve(found[0]);
      }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', () => reject(new Error(said)));
  });
  const url = new URL(shown);
  return {
    address: shown,
    origin: url.origin,
    port: Number(url.port),
    key: url.searchParams.get('key') ?? '',
    said: () => said,
    stop: () =>
      new Promise((resolve) => {
        child.on('exit', resolve);
        child.kill('SIGTERM');
      }),
  };
}

// a question as any program could ask it: { status, headers, text }
export function ask({ port, key }, path, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        setHost: false,
        headers: { host: `127.0.0.1:${port}`, cookie: `customer_tier_${port}=${key}`, ...headers },
      },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    request.on('error', reject).end();
  });
}

export const browser = () =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });

// a page that remembers what went wrong, and waits for all its parts
export async function open(chrome, board, options = {}) {
  const context = await chrome.newContext({ locale: 'en', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && errors.push(message.text()));
  await page.goto(board.address);
  return {
    page,
    errors,
    show: async (hash) => {
      await page.goto(`${board.origin}/#/${hash}`);
      await settled(page);
    },
    close: () => context.close(),
  };
}

export const settled = (page) =>
  page.waitForFunction(() => {
    const parts = [...document.querySelectorAll('main section')];
    return (
      parts.length > 0 && parts.every((part) => part.getAttribute('aria-busy') === 'false' || !part.checkVisibility())
    );
  });
