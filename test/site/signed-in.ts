import { randomUUID } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import type { Look, Site } from './site-rig.ts'

export const PASSWORD = 'seven words that nobody else would think of'

/** Somebody who has signed up and is signed in, with a browser of their own. */
export type SignedIn = {
  readonly email: string
  readonly context: BrowserContext
  /** A page of it that shows nothing yet. */
  readonly page: Page
  /** Calls a JSON route of ours as our pages do: by POST when there are fields. Throws when it refuses. @returns its `data` */
  call(path: string, fields?: unknown): Promise<unknown>
}

/** Signs somebody new up, by the routes and the link in the mail that the pages use, without their forms. */
export async function signedIn(site: Site, look?: Look): Promise<SignedIn> {
  const email = `person-${randomUUID().slice(0, 12)}@example.com`
  const context = await site.visitor(look)
  const headers = { Origin: site.url }
  const signUp = await context.request.post(`${site.url}/auth/sign-up`, {
    headers,
    data: { email, password: PASSWORD },
  })
  if (!signUp.ok()) throw new Error(`sign-up: ${await signUp.text()}`)
  const link = await site.linkTo(email)
  const opened = await context.request.get(link, { maxRedirects: 0 })
  // The link leads to a page with a button, which posts what the link bears.
  if (opened.status() === 200) {
    const { pathname, searchParams } = new URL(link)
    const form = Object.fromEntries(searchParams)
    const posted = { headers, form, maxRedirects: 0 }
    const confirmed = await context.request.post(site.url + pathname, posted)
    if (confirmed.status() !== 303) throw new Error(`confirm: ${await confirmed.text()}`)
  } else if (opened.status() !== 303) throw new Error(`confirm: ${await opened.text()}`)
  const session = await context.request.get(`${site.url}/account/session`)
  const { data } = (await session.json()) as { data?: { csrf_token?: string } }
  if (data?.csrf_token === undefined) throw new Error(`session: ${await session.text()}`)
  const call = async (path: string, fields?: unknown) => {
    const ours = { headers: { ...headers, 'X-CSRF-Token': data.csrf_token ?? '' } }
    const answer =
      fields === undefined
        ? await context.request.get(site.url + path, ours)
        : await context.request.post(site.url + path, { ...ours, data: fields })
    const body = (await answer.json()) as { data?: unknown }
    if (!answer.ok()) throw new Error(`${path}: ${JSON.stringify(body)}`)
    return body.data
  }
  return { email, context, page: await context.newPage(), call }
}
