/** What stands in the place of a route for streams' market-minutes, and for addresses where nothing is. */
const OTHERS: Readonly<Record<string, string>> = {
  stream: 'streams, by the minute',
  other: 'no such address',
}

/** A route as it is told of in a table's head. */
export function routeName(route: string): string {
  return OTHERS[route] ?? route
}
