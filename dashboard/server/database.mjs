// Every question is asked in a read-only transaction, with the rights of the role that the page runs as.
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { Refusal } from './refusal.mjs';

const CONNECTIONS = 6;
// a new connection reads the catalog anew, which takes longer than a question
const IDLE = 5 * 60 * 1000;
const WAITING = 60;

// dates, decimals and 64-bit integers stay as the server wrote them
const types = {
  getTypeParser(oid, format) {
    const plain = [pg.types.builtins.DATE, pg.types.builtins.TIMESTAMP, pg.types.builtins.TIMESTAMPTZ];
    return plain.includes(oid) ? String : pg.types.getTypeParser(oid, format);
  },
};

export function settings({ database }) {
  return { connectionString: database, application_name: 'customer_tier dashboard', types };
}

const begin = (timeout) => `
  BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
  SET LOCAL search_path = pg_catalog, pg_temp;
  SET LOCAL statement_timeout = ${Number(timeout)};
  SET LOCAL idle_in_transaction_session_timeout = '10 min';
  SET LOCAL DateStyle = ISO;
  SET LOCAL IntervalStyle = postgres;
  SET LOCAL TimeZone = UTC;
  SET LOCAL extra_float_digits = 1;
  SET LOCAL jit = off;
  SET LOCAL work_mem = '64MB'`;

export class Database {
  #pool;
  // of its own: a cancel is not to wait for the queries that it ends
  #cancels;
  #begin;

  constructor(options) {
    this.#begin = begin(options.timeout);
    this.#pool = new pg.Pool({
      ...settings(options),
      max: CONNECTIONS,
      idleTimeoutMillis: IDLE,
      connectionTimeoutMillis: options.timeout,
    });
    this.#cancels = new pg.Pool({ ...settings(options), max: 1 });
    for (const pool of [this.#pool, this.#cancels]) {
      // a connection that breaks, idle or in use: who waits for it is told by its query
      pool.on('connect', (client) => client.on('error', () => {}));
      pool.on('error', (error) => console.error(`customer_tier: ${error.message}`));
    }
  }

  // read(work): what work(ask) gives, ask(sql, values) being rows; a signal cancels the query that runs
  async read(work, signal) {
    if (this.#pool.waitingCount >= WAITING) {
      throw new Refusal(503, 'too many questions at once');
    }
    const client = await this.#pool.connect();
    let broken, cancelled;
    let done = false;
    const cancel = () => {
      cancelled = this.#cancel(client.processID, () => done);
    };
    try {
      await client.query(this.#begin);
      signal?.throwIfAborted();
      signal?.addEventListener('abort', cancel);
      return await work(async (sql, values) => {
        signal?.throwIfAborted();
        return (await client.query(sql, values)).rows;
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
      done = true;
      // a late cancel is not to hit who gets this connection next
      await cancelled;
      await client.query('ROLLBACK').catch((error) => {
        broken = error;
      });
      client.release(broken);
    }
  }

  // again and again: a cancel that overtakes its query does nothing
  async #cancel(pid, done) {
    while (!done()) {
      await this.#cancels.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => {});
      await pause(200);
    }
  }

  async end() {
    await Promise.all([this.#pool.end(), this.#cancels.end()]);
  }
}

const byState = {
  42501: 403, // insufficient_privilege
  P0002: 404, // no_data_found
  57014: 504, // query_canceled
  53300: 503, // too_many_connections
};

// what the server said, as a refusal; null if it was not the server
export function refusalOf(error) {
  if (!/^[0-9A-Z]{5}$/.test(error.code ?? '')) {
    return null;
  }
  const status = byState[error.code] ?? (error.code.startsWith('22') ? 400 : error.code.startsWith('28') ? 503 : 500);
  return new Refusal(status, [error.message, error.hint].filter(Boolean).join('. '));
}
