/** An element of the page by its id. Throws when it is not there. */
export function part<Kind extends HTMLElement>(id: string): Kind {
  const found = document.getElementById(id)
  if (found === null) throw new TypeError(`no ${id} in the page`)
  return found as Kind
}
