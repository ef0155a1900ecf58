import type { Context } from 'hono'
import type { App } from '../context.ts'
import { settingsOf } from '../env.ts'

/** The address that the text of our pages and samples names. */
const HOME = /(https|wss):\/\/kalshibook\.com/g

/** The same text with the address at which this service is reached, so that samples work as they are pasted. */
export function atHome(c: Context<App>, text: string): string {
  const home = homeOf(c)
  const socket = home.replace(/^http/, 'ws')
  return text.replaceAll(HOME, (_, scheme: string) => (scheme === 'wss' ? socket : home))
}

/** The address of this service, without a slash at its end. */
export function homeOf(c: Context<App>): string {
  return new URL(settingsOf(c.env).PUBLIC_URL || c.req.url).origin
}
