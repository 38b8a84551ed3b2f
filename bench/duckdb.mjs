// Runs the same SQL in DuckDB, on its own table, with one thread.
//
//	node duckdb.mjs load DATABASE CSV		the sales, and a summary of each customer, once
//	node duckdb.mjs time DATABASE TABLE SQL		milliseconds of the statement in the file
import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [task, database, ...rest] = process.argv.slice(2)
const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
await duckdb.run('SET threads = 1')

if (task === 'load') {
	const [file] = rest
	await duckdb.run(`ATTACH '${database}' AS disk`)
	await duckdb.run(`CREATE TABLE disk.sales AS
		SELECT * FROM read_csv('${file}', header = true, columns = {
			id: 'BIGINT', customer_id: 'BIGINT', sold_at: 'TIMESTAMP', amount: 'DECIMAL(12,2)'})`)
	await duckdb.run(`CREATE TABLE disk.summary AS
		SELECT customer_id, sum(amount) AS total, count(*) FILTER (WHERE amount > 0) AS orders,
			CAST(max(sold_at) FILTER (WHERE amount > 0) AS date) AS last_day
		FROM disk.sales GROUP BY customer_id`)
} else {
	// in memory, as our table is
	const [table, file] = rest
	await duckdb.run(`ATTACH '${database}' AS disk (READ_ONLY)`)
	await duckdb.run(`CREATE TABLE ${table} AS FROM disk.${table}`)
	await duckdb.run(`SELECT max(COLUMNS(*)) FROM ${table}`)
	const sql = readFileSync(file, 'utf8').replace('UNLOGGED ', '')
	const start = performance.now()
	await duckdb.run(sql)
	console.log((performance.now() - start).toFixed(3))
}
process.exit(0)
