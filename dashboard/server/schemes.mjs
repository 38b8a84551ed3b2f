// What the catalog says of the schemes that the viewer may see, of the views beside each, and of its attributes.
import { quoted } from './identifiers.mjs';
import { Refusal } from './refusal.mjs';

const SUFFIXES = [
  '',
  '_history',
  '_summary',
  '_migration',
  '_trend',
  '_progress',
  '_thresholds',
  '_spread',
  '_cells',
  '_plan',
  '_coverage',
  '_falling',
];

// Views are taken where they have the owner of the scheme: a stranger's view of such a name is none of it.
const SCHEMES = `
  SELECT s.name, s.rule, s.attributes, v.suffix, v.namespace, v.relation, v.columns
  FROM (
    SELECT c.oid, c.relname, c.relnamespace, c.relowner, format('%s.%s', n.nspname, c.relname) AS name,
           to_jsonb(s) AS rule, s.attributes::oid AS attributes
    FROM customer_tier.schemes AS s
      JOIN pg_class AS c ON c.oid = s.scheme
      JOIN pg_namespace AS n ON n.oid = c.relnamespace) AS s,
    LATERAL (
      SELECT x.suffix, n.nspname AS namespace, c.relname AS relation,
             (SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod))
                               ORDER BY a.attnum)
              FROM pg_attribute AS a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
      FROM unnest($1::text[]) AS x(suffix)
        JOIN pg_class AS c ON c.relnamespace = s.relnamespace AND c.relname = s.relname || x.suffix
          AND c.relowner = s.relowner AND c.relkind IN ('v', 'm')
        JOIN pg_namespace AS n ON n.oid = c.relnamespace) AS v
  ORDER BY s.name COLLATE "C"
  LIMIT 5000`;

// columns of the attributes that the viewer may read, and which of them is the key
const ATTRIBUTES = `
  SELECT n.nspname AS namespace, c.relname AS relation, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
         EXISTS (SELECT FROM pg_index AS i
                 WHERE i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS key
  FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.oid = $1 AND has_schema_privilege(n.oid, 'USAGE')
    AND has_column_privilege(c.oid, a.attnum, 'SELECT')`;

// an allocation of a scheme of which the viewer may read who had whom
const ALLOCATION = `
  SELECT n.nspname AS namespace, c.relname AS relation
  FROM customer_tier.allocations AS a
    JOIN pg_class AS c ON c.oid = a.history
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE a.scheme = to_regclass($1) AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
  ORDER BY a.allocation::text COLLATE "C"
  LIMIT 1`;

const VALUES = ['m', 'monetary', 'value', 'worth', 'profit'];
// columns of attributes by which people go
const NAMES = ['name', 'customer_name', 'full_name', 'company', 'title'];
const OWNERS = ['owner', 'account_manager', 'manager', 'sales_rep'];

function named(columns, wanted) {
  const found = wanted.find((name) => columns.some((column) => column.name === name));
  return found && quoted(found);
}

class Scheme {
  constructor(name, rule, attributes) {
    this.name = name;
    this.rule = rule;
    // an OID: its name cannot be looked up by who may not use its schema
    this.attributes = attributes;
    this.axes = rule.axes ?? [];
    this.views = {};
  }

  columns(suffix) {
    return this.views[suffix]?.columns ?? [];
  }

  has(suffix, column) {
    return this.columns(suffix).some(({ name }) => name === column);
  }

  // a view as SQL
  view(suffix) {
    const view = this.views[suffix];
    if (!view) {
      throw new Refusal(404, `${this.name} has no view ${this.name}${suffix}`);
    }
    return view.sql;
  }

  get customerType() {
    return this.columns('').find(({ name }) => name === 'customer').type;
  }

  axis(name) {
    const axis = this.axes.find((one) => one.name === name);
    if (!axis) {
      throw new Refusal(400, `${this.name} has no such axis`);
    }
    return axis;
  }

  // the axis that says what a customer brings, as far as names tell
  get valueAxis() {
    const higher = this.axes.filter(({ better }) => better !== 'lower');
    return (higher.find(({ name }) => VALUES.includes(name)) ?? higher[0])?.name;
  }

  // what the page is told
  get summary() {
    const { preset, as_of, tiers, unrated, per, hold, keep, downgrade, review, calibrate, version, source } =
      this.rule;
    return {
      name: this.name,
      preset,
      as_of,
      tiers,
      unrated,
      per,
      hold,
      keep,
      downgrade,
      review,
      calibrate,
      version,
      source,
      axes: this.axes.map(({ name, by, at, better, value }) => ({ name, by, at, better, value })),
      views: Object.keys(this.views),
      columns: this.columns(''),
      valueAxis: this.valueAxis ?? null,
    };
  }
}

export async function schemes(ask) {
  const found = new Map();
  for (const { name, rule, attributes, suffix, namespace, relation, columns } of await ask(SCHEMES, [SUFFIXES])) {
    if (!found.has(name)) {
      found.set(name, new Scheme(name, rule, attributes));
    }
    found.get(name).views[suffix] = { sql: quoted(namespace, relation), columns };
  }
  return found;
}

// Name and owner of a customer x: a join, and what is shown of both.  The name is an attribute.  The owner is that of
// an allocation, or an attribute; "owners" lists them, and "owned" is a condition of x and an owner.
export async function attributes(ask, scheme) {
  const columns = scheme.attributes ? await ask(ATTRIBUTES, [scheme.attributes]) : [];
  const key = columns.find((column) => column.key);
  const [allocation] = await ask(ALLOCATION, [scheme.view('')]);
  const found = { join: '' };
  const shown = { name: undefined, owner: undefined };
  if (key) {
    const owner = named(columns, OWNERS);
    found.table = quoted(key.namespace, key.relation);
    found.key = quoted(key.name);
    found.name = named(columns, NAMES);
    found.join = `LEFT JOIN ${found.table} AS a ON a.${found.key} = x.customer`;
    shown.name = found.name && `a.${found.name}::text`;
    if (owner) {
      shown.owner = `a.${owner}::text`;
      found.owners = `SELECT ${owner}::text AS owner FROM ${found.table}`;
      found.owned = (one) => `a.${owner}::text = ${one}`;
    }
  }
  if (allocation) {
    const current = `FROM ${quoted(allocation.namespace, allocation.relation)} AS o WHERE o.is_current`;
    shown.owner = `(SELECT o.owner ${current} AND o.customer = x.customer)`;
    found.owners = `SELECT o.owner ${current}`;
    // an array is looked up in the index of the view's customers
    found.owned = (one) => `x.customer = ANY (ARRAY(SELECT o.customer ${current} AND o.owner = ${one}))`;
  }
  const titles = Object.keys(shown).filter((title) => shown[title]);
  return { ...found, shown: ['x.*', ...titles.map((title) => `${shown[title]} AS ${title}`)].join(', ') };
}

// the name of a customer x, as SQL
export async function nameOf(ask, scheme) {
  const { name, table, key } = await attributes(ask, scheme);
  return name ? `(SELECT a.${name}::text FROM ${table} AS a WHERE a.${key} = x.customer)` : 'NULL::text';
}

// how the values of an axis are spread
export const spread = (ask, scheme, axis) =>
  ask(`SELECT low, high, heads::float8, total FROM ${scheme.view('_spread')} WHERE axis = $1 ORDER BY low`, [axis]);
