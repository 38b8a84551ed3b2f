// Requests to answers.
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Api } from './api.mjs';
import { Cache } from './cache.mjs';
import { sendCsv } from './csv.mjs';
import { Database, refusalOf } from './database.mjs';
import { files, send } from './files.mjs';
import { Guard, HEADERS } from './guard.mjs';
import { Live } from './live.mjs';
import { Parameters } from './parameters.mjs';
import { Refusal } from './refusal.mjs';

const LONGEST_ADDRESS = 8192;
const SCHEMES_MADE_READY = 8;
const DOWNLOADS = 2;
const READY = 3000;

function refuse(response, error) {
  let refusal = error instanceof Refusal ? error : refusalOf(error);
  if (!refusal) {
    // not the viewer's to read: paths, addresses
    console.error(`customer_tier: ${error.stack ?? error.message}`);
    refusal = new Refusal(503, 'the database does not answer; see where the dashboard was started');
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(refusal.status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(JSON.stringify({ error: refusal.message }));
}

export class App {
  #options;
  #database;
  #api;
  #cache = new Cache();
  #live;
  #files = files();
  #downloads = 0;
  #turn = 0;
  #ready;
  #server;

  constructor(options) {
    this.#options = options;
    this.#database = new Database(options);
    this.#api = new Api(this.#database, this.#cache);
    this.#live = new Live(options, () => {
      this.#refreshed();
    });
  }

  // the port that it listens at; an error if the database cannot be asked
  async start() {
    await this.#database.read((ask) => ask('SELECT FROM customer_tier.schemes LIMIT 0'));
    this.#server = http.createServer({ requestTimeout: 10_000 }, (request, response) =>
      this.#answer(request, response),
    );
    this.#server.maxConnections = 256;
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#options.port, '127.0.0.1', resolve);
    });
    const { port } = this.#server.address();
    this.guard = new Guard({ ...this.#options, port });
    await this.#live.listen();
    // who opens the page at once finds the first scheme ready
    await Promise.race([this.#ready, pause(READY, undefined, { ref: false })]);
    return port;
  }

  async stop() {
    this.#server.close();
    await this.#live.end();
    this.#server.closeAllConnections?.();
    await this.#database.end();
  }

  async #answer(request, response) {
    try {
      for (const [name, value] of Object.entries(HEADERS)) {
        response.setHeader(name, value);
      }
      if (request.url.length > LONGEST_ADDRESS) {
        throw new Refusal(414, 'the address is too long');
      }
      const [path, query = ''] = request.url.split('?', 2);
      this.guard.check(request, path);
      await this.#route(path, query, request, response);
    } catch (error) {
      refuse(response, error);
    }
  }

  #route(path, query, request, response) {
    const asked = new URLSearchParams(query);
    if (path === '/') {
      const cookie = this.guard.admit(asked);
      if (cookie) {
        response.writeHead(303, { location: '/', 'set-cookie': cookie, 'cache-control': 'no-store' }).end();
        return undefined;
      }
    }
    this.guard.checkKey(request);
    if (this.#files.has(path)) {
      return send(this.#files.get(path), request, response);
    }
    if (path === '/events') {
      return this.#live.add(request, response);
    }
    const parameters = new Parameters(asked);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    if (path === '/customers.csv') {
      return this.#download(parameters, response, gone.signal);
    }
    if (path.startsWith('/api/')) {
      return this.#json(path.slice('/api/'.length), query, parameters, response, gone.signal);
    }
    throw new Refusal(404, 'there is no such page');
  }

  async #json(name, query, parameters, response, signal) {
    const started = performance.now();
    const answer = await this.#api.answer(name, query, parameters, signal);
    response
      .writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        'server-timing': `answer;dur=${(performance.now() - started).toFixed(1)}`,
      })
      .end(answer);
  }

  async #download(parameters, response, signal) {
    if (this.#downloads >= DOWNLOADS) {
      throw new Refusal(429, 'other downloads are under way; try again when they are done');
    }
    this.#downloads += 1;
    try {
      await this.#api.ofScheme(parameters, (request) => sendCsv(request, response, signal), signal);
    } finally {
      this.#downloads -= 1;
    }
  }

  // Answers of before are forgotten; those that are shown first are made before somebody asks.
  async #refreshed() {
    this.#api.forget();
    const turn = (this.#turn += 1);
    let ready;
    this.#ready = new Promise((resolve) => {
      ready = resolve;
    });
    try {
      await this.#api.makeReady(
        SCHEMES_MADE_READY,
        ready,
        // what reads all customers is not asked for nobody
        ({ slow }) => turn === this.#turn && (!slow || this.#live.watched),
      );
    } catch {
      /* who asks will be told */
    }
    ready();
  }
}
