/** Made by build/build-site.mjs before the Worker is bundled. */
declare module '*/dist/site-files.js' {
  /** The address of each static file of the pages, by its name: `live.js`, `site.css`. */
  export const SITE_FILES: Readonly<Record<string, string>>
}
