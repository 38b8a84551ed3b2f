// Who may ask: this page only, opened by who has the key.
import { timingSafeEqual } from 'node:crypto';
import { Refusal } from './refusal.mjs';

// What every answer says.  Styles are set by script through the object model, which this allows.
export const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const same = (a, b) => a.length === b.length && timingSafeEqual(a, b);

export class Guard {
  #hosts;
  #origins;
  #key;
  #cookie;

  constructor({ port, origins, key }) {
    this.#origins = new Set([`http://127.0.0.1:${port}`, `http://localhost:${port}`, ...origins]);
    this.#hosts = new Set([...this.#origins].map((origin) => new URL(origin).host));
    this.#key = Buffer.from(key);
    // browsers keep one jar for all ports of a host
    this.#cookie = `customer_tier_${port}`;
  }

  // A name that leads here by somebody else's doing is not ours (DNS rebinding); nor is another page's question.
  check(request, path) {
    const { host = '', origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
    if (!this.#hosts.has(host.toLowerCase())) {
      throw new Refusal(421, 'not the host of this page; ORIGINS=https://name allows another');
    }
    if (origin !== undefined && !this.#origins.has(origin)) {
      throw new Refusal(403, 'not the origin of this page');
    }
    if (site && !['same-origin', 'none'].includes(site) && !(path === '/' && mode === 'navigate')) {
      throw new Refusal(403, 'asked by another page');
    }
    if (request.method !== 'GET') {
      throw new Refusal(405, 'this page only reads');
    }
  }

  // the cookie for who came with the key; undefined if there is none in the address
  admit(query) {
    const key = query.get('key');
    if (key !== null && same(Buffer.from(key), this.#key)) {
      return `${this.#cookie}=${this.#key}; Path=/; HttpOnly; SameSite=Lax`;
    }
    return undefined;
  }

  checkKey(request) {
    const cookies = (request.headers.cookie ?? '').split(/; */);
    if (
      this.#key.length > 0 &&
      !cookies.some((cookie) => same(Buffer.from(cookie), Buffer.from(`${this.#cookie}=${this.#key}`)))
    ) {
      throw new Refusal(401, 'open the address that make dashboard printed, with its key');
    }
  }
}
