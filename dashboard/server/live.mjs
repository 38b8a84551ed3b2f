// refresh_scheme() notifies; open pages are told, by server-sent events.
import pg from 'pg';
import { settings } from './database.mjs';
import { Refusal } from './refusal.mjs';

const STREAMS = 64;
const GATHER = 200;
const HEARTBEAT = 25_000;
const COUNTS = ['customers', 'entered', 'up', 'down', 'gone'];

// Anybody in the database can notify: what is not as refresh_scheme writes it counts for nothing.
export function news(payload) {
  try {
    const said = JSON.parse(payload);
    if (typeof said.scheme !== 'string' || said.scheme.length > 200 || !/^\d{4,7}-\d\d-\d\d$/.test(said.as_of)) {
      return null;
    }
    const counts = COUNTS.map((name) => [name, said[name]]);
    return counts.every(([, count]) => count === null || Number.isSafeInteger(count))
      ? { scheme: said.scheme, as_of: said.as_of, ...Object.fromEntries(counts) }
      : null;
  } catch {
    return null;
  }
}

export class Live {
  #options;
  #changed;
  #streams = new Set();
  #gathered = new Map();
  #client;
  #listening = false;
  #delay = 500;
  #ended = false;

  // changed() is called before pages are told
  // whether a page is open somewhere
  get watched() {
    return this.#streams.size > 0;
  }

  constructor(options, changed) {
    this.#options = options;
    this.#changed = changed;
    setInterval(() => this.#tell(':\n\n'), HEARTBEAT).unref();
  }

  async listen() {
    const client = (this.#client = new pg.Client({ ...settings(this.#options), keepAlive: true }));
    let lost = false;
    const again = () => {
      if (!lost && !this.#ended) {
        lost = true;
        client.end().catch(() => {});
        this.#state(false);
        setTimeout(() => this.listen(), this.#delay).unref();
        this.#delay = Math.min(2 * this.#delay, 30_000);
      }
    };
    client.on('error', again);
    client.on('end', again);
    client.on('notification', ({ payload }) => this.#heard(news(payload)));
    try {
      await client.connect();
      await client.query('LISTEN customer_tier');
      this.#delay = 500;
      // what was said before, or while nobody listened, is not known
      this.#changed();
      this.#state(true);
    } catch {
      again();
    }
  }

  add(request, response) {
    if (this.#streams.size >= STREAMS) {
      throw new Refusal(503, 'too many open pages');
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // of nginx
    });
    response.write(`retry: 2000\n${this.#stateEvent()}`);
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  end() {
    this.#ended = true;
    for (const stream of this.#streams) {
      stream.end();
    }
    return this.#client?.end().catch(() => {});
  }

  // refreshes that come at once are told once
  #heard(item) {
    if (!item || this.#gathered.size >= 100) {
      return;
    }
    if (this.#gathered.size === 0) {
      setTimeout(() => {
        const items = [...this.#gathered.values()];
        this.#gathered.clear();
        this.#changed();
        this.#tell(`event: refreshed\ndata: ${JSON.stringify(items)}\n\n`);
      }, GATHER);
    }
    this.#gathered.set(item.scheme, item);
  }

  #state(listening) {
    this.#listening = listening;
    this.#tell(this.#stateEvent());
  }

  #stateEvent() {
    return `event: state\ndata: ${JSON.stringify({ listening: this.#listening })}\n\n`;
  }

  #tell(text) {
    for (const stream of this.#streams) {
      // who does not read is let go of, and asks again
      if (stream.writableLength > 65536) {
        stream.destroy();
      } else {
        stream.write(text);
      }
    }
  }
}
