/** A route may go on in a new line after a slash. */
export function breakable(name: string) {
  return name.split('/').flatMap((part, at) => (at === 0 ? [part] : ['/', <wbr />, part]))
}
