/** Providers that deliver to the same box whatever dots are in its name. */
const DOTLESS = ['gmail.com', 'proton.me']
/** Other names of the same provider, for the same box. */
const SAME: Readonly<Record<string, string>> = {
  'googlemail.com': 'gmail.com',
  'protonmail.com': 'proton.me',
  'protonmail.ch': 'proton.me',
  'pm.me': 'proton.me',
  'me.com': 'icloud.com',
  'mac.com': 'icloud.com',
  'ya.ru': 'yandex.ru',
  'yandex.com': 'yandex.ru',
}
/** Providers for whom what follows a minus, not a plus, is the box owner's to choose. */
const MINUS = ['yahoo.com', 'ymail.com', 'rocketmail.com']

/**
 * What remains of an address of mail when the ways to spell it that reach the same box are folded: letters' case, what
 * follows a plus, dots where the provider takes no notice of them. For counting people, never for writing to them.
 * @param address one that has been found good: one @, no spaces
 */
export function normalAddress(address: string): string {
  const text = address.trim().toLowerCase().normalize('NFKC')
  const at = text.lastIndexOf('@')
  const given = text.slice(at + 1).replace(/\.$/, '')
  const domain = SAME[given] ?? given
  const box = text.slice(0, Math.max(at, 0))
  const plain = cut(cut(box, '+'), MINUS.includes(domain) ? '-' : '')
  const name = DOTLESS.includes(domain) ? plain.replaceAll('.', '') : plain
  return `${name}@${domain}`
}

/** What comes before a mark; all of it when it begins with the mark, or holds none. */
function cut(box: string, mark: string): string {
  const at = mark === '' ? -1 : box.indexOf(mark)
  return at <= 0 ? box : box.slice(0, at)
}
