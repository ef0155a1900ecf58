import { SITE_FILES } from './dist/site-files.js'

/** The address of a static file of our pages, by its name: `live.js`, `site.css`. Throws when none is named so. */
export function fileAddress(name: string): string {
  const address = SITE_FILES[name]
  if (address === undefined) throw new TypeError(`no file of the site is named ${name}`)
  return address
}
