/**
 * Prints integers as a Postgres array literal, to be bound as text and cast: arrays given to postgres.js are typed by
 * their first element, which goes wrong for null, and are slower.
 */
export function integerArray(values: readonly (number | null)[]): string {
  let text = '{'
  for (let i = 0; i < values.length; i++) text += `${i === 0 ? '' : ','}${values[i] ?? 'NULL'}`
  return `${text}}`
}

/** Prints texts as a Postgres array literal. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map(quote).join(',')}}`
}

function quote(value: string | null): string {
  return value === null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`
}
