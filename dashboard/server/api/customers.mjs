// Lists of customers: found, filtered, sorted, and turned over by key.
import { quoted } from '../identifiers.mjs';
import { Refusal } from '../refusal.mjs';
import { attributes } from '../schemes.mjs';

const PAGE = 50;
const FOUND = 1000;

const pattern = (text) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

// The keys of those whose key or name has the text in it; null if nothing is searched.
async function found({ ask, scheme, parameters }, { table, key, name }) {
  const text = parameters.text('q').trim();
  if (text === '') {
    return null;
  }
  const byName = name ? `UNION SELECT ${key} FROM ${table} WHERE ${name}::text ILIKE $1` : '';
  const rows = await ask(
    `
    SELECT customer::text AS customer
    FROM (SELECT customer FROM ${scheme.view('')} WHERE customer::text ILIKE $1 ${byName} LIMIT ${FOUND + 1}) AS x`,
    [pattern(text)],
  );
  return rows.map(({ customer }) => customer);
}

function sorting({ scheme, parameters }) {
  const columns = ['tier_rank', 'customer', 'since', ...scheme.axes.map(({ name }) => name)];
  const by = parameters.oneOf('sort', columns);
  const down = parameters.oneOf('order', by === 'customer' ? ['up', 'down'] : ['down', 'up']) === 'down';
  return { by: quoted(by), down };
}

// What follows a row in the order "sorted, then customer"; null comes last.
function after({ by, down }, cursor, value) {
  if (cursor === '') {
    return 'true';
  }
  let key;
  try {
    key = JSON.parse(cursor);
  } catch {
    /* not one of ours */
  }
  if (!Array.isArray(key) || key.length !== 2 || !key.every((part) => part === null || typeof part === 'string')) {
    throw new Refusal(400, 'after is not what a page gave');
  }
  const next = `x.customer > ${value(key[1])}`;
  if (key[0] === null) {
    return `x.${by} IS NULL AND ${next}`;
  }
  const at = value(key[0]);
  return `(x.${by} ${down ? '<' : '>'} ${at} OR x.${by} = ${at} AND ${next} OR x.${by} IS NULL)`;
}

// FROM, WHERE and ORDER BY of the customers that are asked for; null if there are none
async function chosen(request, cursor) {
  const { ask, scheme, parameters } = request;
  const attribute = await attributes(ask, scheme);
  const sort = sorting(request);
  const values = [];
  const value = (given) => `$${values.push(given)}`;
  const where = [after(sort, cursor, value)];
  const keys = await found(request, attribute);
  if (keys) {
    where.push(`x.customer = ANY (${value(keys.slice(0, FOUND))}::${scheme.customerType}[])`);
  }
  for (const column of ['tier', 'status']) {
    const wanted = parameters.text(column);
    if (wanted !== '') {
      where.push(`x.${quoted(column)} = ${value(wanted)}`);
    }
  }
  const owner = parameters.text('owner');
  if (owner !== '' && attribute.owned) {
    where.push(attribute.owned(value(owner)));
  }
  return {
    attribute,
    values,
    from: `FROM ${scheme.view('')} AS x ${attribute.join}`,
    where: `WHERE ${where.join(' AND ')}`,
    order: `ORDER BY x.${sort.by} ${sort.down ? 'DESC' : 'ASC'} NULLS LAST, x.customer`,
    by: sort.by,
    tooMany: keys !== null && keys.length > FOUND,
  };
}

// Keys first: a row's values are computed for the page alone.
export async function customers(request) {
  const { ask, scheme, parameters } = request;
  const query = await chosen(request, parameters.text('after', 2000));
  const keys = await ask(
    `
    SELECT x.customer::text AS customer, x.${query.by}::text AS sorted
    ${query.from} ${query.where} ${query.order}
    LIMIT ${PAGE + 1}`,
    query.values,
  );
  const page = keys.slice(0, PAGE);
  const rows =
    page.length === 0
      ? []
      : await ask(
          `
    SELECT ${query.attribute.shown}, x.customer::text AS customer
    ${query.from}
    WHERE x.customer = ANY ($1::${scheme.customerType}[])
    ORDER BY array_position($1::${scheme.customerType}[], x.customer)`,
          [page.map(({ customer }) => customer)],
        );
  const last = page.at(-1);
  return {
    rows,
    next: keys.length > PAGE ? JSON.stringify([last.sorted, last.customer]) : null,
    tooMany: query.tooMany,
  };
}

export async function owners({ ask, scheme }) {
  const { owners: all } = await attributes(ask, scheme);
  return all ? ask(`SELECT owner FROM (${all}) AS o WHERE owner IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 500`) : [];
}

// all of them, as a cursor
export async function openAll(request) {
  const query = await chosen(request, '');
  await request.ask(
    `
    DECLARE customers NO SCROLL CURSOR FOR
    SELECT ${query.attribute.shown} ${query.from} ${query.where} ${query.order}`,
    query.values,
  );
}
