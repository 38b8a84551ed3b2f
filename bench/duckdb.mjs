// The same SQL in DuckDB, on its own table, with one thread.
//
//	node duckdb.mjs load DATABASE CSV		the sales, once
//	node duckdb.mjs time DATABASE SQL		milliseconds of the statement in the file
import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [task, database, file] = process.argv.slice(2)
const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
await duckdb.run('SET threads = 1')

if (task === 'load') {
	await duckdb.run(`ATTACH '${database}' AS disk`)
	await duckdb.run(`CREATE TABLE disk.sales AS
		SELECT * FROM read_csv('${file}', header = true, columns = {
			id: 'BIGINT', customer_id: 'BIGINT', sold_at: 'TIMESTAMP', amount: 'DECIMAL(12,2)'})`)
} else {
	// in memory, as our table is
	await duckdb.run(`ATTACH '${database}' AS disk (READ_ONLY)`)
	await duckdb.run('CREATE TABLE sales AS FROM disk.sales')
	await duckdb.run('SELECT sum(amount), max(sold_at), max(customer_id) FROM sales')
	const sql = readFileSync(file, 'utf8').replace('UNLOGGED ', '')
	const start = performance.now()
	await duckdb.run(sql)
	console.log((performance.now() - start).toFixed(3))
}
process.exit(0)
