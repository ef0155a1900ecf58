/** Bundles the script of our pages and writes it, unless it is there already. */
export function bundleScript(): Promise<void>
