/**
 * The name of an object: kept, as a runtime that calls an alarm may not tell it.
 * Throws when it was never told.
 */
export function keptName(told: string | undefined, sql: SqlStorage): string {
  sql.exec('create table if not exists names (one integer primary key, name text not null)')
  const [row] = sql.exec('select name from names').toArray()
  if (row !== undefined) return String(row['name'])
  if (told === undefined) throw new Error('an account object without a name')
  sql.exec('insert into names values (1, ?)', told)
  return told
}
