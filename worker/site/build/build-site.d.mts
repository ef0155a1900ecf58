/** Makes what the pages are served with: worker/site/dist. */
export function buildSite(): Promise<void>
