import type { Context } from 'hono'
import { visitorsOf } from '#core/visitor-standing'
import { clientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import type { Identified } from '../gate/caller.ts'
import { PAGE_KEY_ID, pageCaller, readPageKey } from './page-key.ts'
import { readVisitorKey, VISITOR_KEY_ID, visitorCaller, visitorPrefix } from './visitor-key.ts'

/** Who calls with a key that is kept nowhere, a visitor's or a page's; null for what has the form of neither. */
export async function identifySigned(c: Context<App>, text: string): Promise<Identified | null> {
  if (text.startsWith('kb_test_')) {
    return readVisitorKey(c.env, text, clientAddress(c), Date.now())
  }
  return text.startsWith('kb_page_') ? readPageKey(c.env, text, Date.now()) : null
}

/** Who opens a stream with a ticket that such a key asked for; null for a ticket of an API key. */
export function identifySignedTicket(
  c: Context<App>,
  { account, keyId }: { readonly account: string; readonly keyId: string },
): Identified | null {
  if (keyId === PAGE_KEY_ID) return { ok: true, caller: pageCaller(account) }
  if (keyId !== VISITOR_KEY_ID) return null
  const prefix = visitorPrefix(clientAddress(c))
  if (account === visitorsOf(prefix)) return { ok: true, caller: visitorCaller(prefix) }
  const message = 'this ticket was made at another address'
  return { ok: false, error: { code: 'unauthorized', message } }
}
