import { PAGES } from '../../account/account-spending.ts'
import type { ShownKey } from '../account-keys.ts'

/** What a key is called on pages, by its id. */
export type KeyNames = (keyId: string) => string

/** The names of an account's keys. Our own pages call with a key that nobody made. */
export function keyNames(keys: readonly ShownKey[]): KeyNames {
  const names = new Map(keys.map(({ id, name, display }) => [id, name || `${display}…`]))
  return (keyId) =>
    names.get(keyId) ??
    (keyId === PAGES ? 'this site’s pages' : `an ended key (${keyId.slice(0, 8)})`)
}
