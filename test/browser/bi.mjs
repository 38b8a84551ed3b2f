// What a BI tool sees of the sample shop, by node-postgres: the questions of doc/bi.md, and
// the columns of the views as drivers ask for them.
//
//	node bi.mjs DOCUMENT
//
// The connection is libpq's environment.
import fs from 'node:fs';
import pg from 'pg';

const client = new pg.Client();
await client.connect();
await client.query('SET default_transaction_read_only = on');

// bool, int8, int2, int4, text, float8, date, timestamptz, numeric
const plain = new Set([16, 20, 21, 23, 25, 701, 1082, 1184, 1700]);
let passed = 0;
let failed = 0;
const check = (fault, what) => {
  if (fault) {
    console.log(`${what}: ${fault}`);
    failed++;
  } else {
    passed++;
  }
};

for (const [, question] of fs.readFileSync(process.argv[2], 'utf8').matchAll(/```sql\n(.*?)```/gs)) {
  let fault;
  try {
    const { rows, fields } = await client.query(question);
    const odd = fields.filter((field) => !plain.has(field.dataTypeID));
    fault = rows.length === 0 ? 'no rows' : odd.length > 0 && `${odd[0].name} has type ${odd[0].dataTypeID}`;
  } catch (error) {
    fault = error.message;
  }
  check(fault, question.split('\n')[0]);
}

// as the JDBC driver's getColumns() does
const { rows: columns } = await client.query(`
  SELECT c.relname, a.attname, t.typname, t.oid::int AS type, d.description
  FROM pg_catalog.pg_namespace AS n
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
    JOIN pg_catalog.pg_type AS t ON a.atttypid = t.oid
    LEFT JOIN pg_catalog.pg_description AS d ON c.oid = d.objoid AND a.attnum = d.objsubid
  WHERE n.nspname = 'crm' AND c.relkind = 'v' AND a.attnum > 0 AND NOT a.attisdropped
    AND c.relname ~ '^[a-z]+(_(summary|migration|trend|history|progress|thresholds))?$'
  ORDER BY c.relname, a.attnum`);
check(columns.length < 50 && `only ${columns.length} columns`, 'columns of crm');
for (const { relname, attname, typname, type, description } of columns) {
  check(!description && 'has no comment', `${relname}.${attname}`);
  check(!plain.has(type) && !['valid', 'policy'].includes(attname) && `is of type ${typname}`, `${relname}.${attname}`);
}

// tools look at a table ordered by all of its columns
const { rows: relations } = await client.query(`
  SELECT n.nspname, c.relname, array_agg(quote_ident(a.attname) ORDER BY a.attnum)::text[] AS names
  FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE n.nspname IN ('crm', 'public') AND c.relkind IN ('r', 'v')
    AND c.relname ~ '^(abc|sales)(_(summary|migration|trend|history|ledger))?$'
  GROUP BY n.nspname, c.relname
  ORDER BY n.nspname, c.relname`);
check(relations.length < 6 && `only ${relations.length} relations`, 'relations');
for (const { nspname, relname, names } of relations) {
  let fault;
  try {
    await client.query(`SELECT * FROM ${nspname}.${relname} ORDER BY ${names.join(', ')} LIMIT 10`);
  } catch (error) {
    fault = error.message;
  }
  check(fault, `${nspname}.${relname}, sorted`);
}

await client.end();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
