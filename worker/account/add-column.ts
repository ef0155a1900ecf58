/** Adds a column, as `name type`, to a table of an older version of ours that has none of that name. */
export function addColumn(sql: SqlStorage, table: string, column: string): void {
  const [name = ''] = column.split(' ')
  const [there] = sql.exec('select 1 from pragma_table_info(?) where name = ?', table, name)
  if (there === undefined) sql.exec(`alter table ${table} add column ${column}`)
}
