/**
 * Names an operation by its path: `/v1/markets/{ticker}/orderbook` is getMarketOrderbook, `/v1/markets` listMarkets.
 * @param verb what the operation does: get, list, …
 */
export function operationId(verb: string, path: string): string {
  const names: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === 'v1') continue
    if (segment.startsWith('{')) {
      // One of those that the segment before names.
      const all = names.pop() ?? ''
      names.push(all === 'Series' ? all : all.replace(/s$/, ''))
    } else names.push(segment.replace(/^[a-z]/, (letter) => letter.toUpperCase()))
  }
  return `${verb}${names.join('').replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase())}`
}
