const SVG = 'http://www.w3.org/2000/svg'

/** Makes an element of HTML with a class and what is in it, as text or elements. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = '',
  ...inside: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...inside)
  return made
}

/** Makes an element of SVG with these attributes. */
export function drawn(
  name: 'svg' | 'path' | 'line' | 'text' | 'g',
  attributes: Readonly<Record<string, string | number>>,
): SVGElement {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  return made
}
