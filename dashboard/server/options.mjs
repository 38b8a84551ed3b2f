// What the environment says.
import { randomBytes } from 'node:crypto';
import { Refusal } from './refusal.mjs';

function port(text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65535) {
    throw new Refusal(500, `PORT=${text} is not a port`);
  }
  return number;
}

function origin(text) {
  try {
    const url = new URL(text);
    if (/^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) {
      return url.origin;
    }
  } catch {
    /* no address at all */
  }
  throw new Refusal(500, `ORIGINS has ${text}, which is not like https://tiers.example.com`);
}

export function options(env) {
  if (env.DATABASE && !/^postgres(ql)?:\/\//.test(env.DATABASE)) {
    throw new Refusal(500, 'DATABASE is not like postgresql://host/name');
  }
  return {
    database: env.DATABASE || undefined,
    port: port(env.PORT || '8642'),
    // addresses under which a reverse proxy shows the page
    origins: (env.ORIGINS ?? '')
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(origin),
    // who opens the page shows this key; KEY= asks nobody, for a reverse proxy that does
    key: env.KEY ?? randomBytes(18).toString('base64url'),
    // of a query, in milliseconds
    timeout: 30_000,
  };
}
