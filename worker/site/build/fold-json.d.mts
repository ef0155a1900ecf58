/** Prints JSON for reading: what fits into a line stays in one, and of what does not, as much as fits goes into each. */
export function foldJson(value: unknown): string
