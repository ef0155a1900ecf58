/** Made by bundle-script.mjs before the Worker is bundled. */
declare module '*/dist/live-script.js' {
  /** The script of the page /live/{ticker}, as it is served. */
  export const LIVE_SCRIPT: string
}
