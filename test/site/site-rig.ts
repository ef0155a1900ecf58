import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { findChromium } from '../../local/chromium.ts'
import { type Exchange, startExchange } from '../../simulator/exchange.ts'
import { type RunningProduct, runProduct } from '../e2e/running-product.ts'
import { until } from '../until.ts'

const SHOTS = join(import.meta.dirname, '../../test-results/screenshots')
/** How long (ms) a page may take for what it should show. */
const PATIENCE_MS = 15_000

/** How somebody looks at the site. */
export type Look = {
  readonly width?: number
  readonly height?: number
  readonly scheme?: 'light' | 'dark'
  readonly javaScript?: boolean
  /** The address they come from; what visitors and new accounts may do is counted by it. */
  readonly address?: string
}

/** The whole product with its stand-ins, and a real browser before it. */
export type Site = {
  readonly url: string
  readonly exchange: Exchange
  readonly product: RunningProduct
  /** Somebody with a browser of their own: no cookies, nothing kept. */
  visitor(look?: Look): Promise<BrowserContext>
  /** A page of such a browser. What it logs as an error, or asks of another host, fails `stop`. */
  open(path: string, look?: Look): Promise<Page>
  /** Keeps a picture of the whole page, for looking at: test-results/screenshots. */
  shoot(page: Page, name: string): Promise<void>
  /** The link of the newest mail to an address, once it was sent. */
  linkTo(email: string): Promise<string>
  stop(): Promise<void>
}

/** Starts it all; a few markets trade. */
export async function startSite(): Promise<Site> {
  const exchange = await startExchange({ seed: 11, markets: 12, rate: 10 })
  const product = await runProduct(exchange, { worker: { MAIL_ANSWER_MS: '200' } }, 'stand-in')
  const [busy = ''] = exchange.tickers()
  await until('visitors see the busiest market', () => isShown(product.url, busy))
  const found = await findChromium()
  const browser: Browser = await chromium.launch({
    executablePath: found.path,
    env: { ...process.env, ...found.env },
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  const problems: string[] = []
  await mkdir(SHOTS, { recursive: true })
  let addresses = 0
  const visitor = async (look: Look = {}) => {
    addresses += 1
    const context = await browser.newContext({
      viewport: { width: look.width ?? 1200, height: look.height ?? 900 },
      colorScheme: look.scheme ?? 'light',
      javaScriptEnabled: look.javaScript ?? true,
      extraHTTPHeaders: {
        'CF-Connecting-IP': look.address ?? `10.${addresses >> 8}.${addresses & 255}.7`,
      },
      reducedMotion: 'reduce',
      // A machine without a language has browsers whose language is none that scripts may name.
      locale: 'en-US',
    })
    context.setDefaultTimeout(PATIENCE_MS)
    context.on('weberror', (error) => problems.push(String(error.error())))
    context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url())
      const ours = !protocol.startsWith('http') || origin === product.url
      if (
        !ours &&
        !request.isNavigationRequest() &&
        request.frame().url().startsWith(product.url)
      ) {
        problems.push(`${request.frame().url()} asks ${request.url()}`)
      }
    })
    context.on('console', (message) => {
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) {
        problems.push(`${message.location().url}: ${message.text()}`)
      }
    })
    return context
  }
  return {
    url: product.url,
    exchange,
    product,
    visitor,
    open: async (path, look) => {
      const page = await (await visitor(look)).newPage()
      await page.goto(product.url + path)
      return page
    },
    shoot: async (page, name) => {
      await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
    },
    linkTo: async (email) => {
      let link = ''
      await until(`a mail to ${email} was sent`, async () => {
        const outbox = await fetch(
          `${product.supabase?.url}/outbox?email=${encodeURIComponent(email)}`,
        )
        link = ((await outbox.json()) as { link: string }[])[0]?.link ?? ''
        return link !== ''
      })
      return link
    },
    stop: async () => {
      await browser.close()
      await product.stop()
      await exchange.close()
      if (problems.length > 0) throw new Error(`pages had errors:\n${problems.join('\n')}`)
    },
  }
}

/** Whether a market is among those that visitors see: those that were traded. */
async function isShown(url: string, ticker: string): Promise<boolean> {
  const list = await fetch(`${url}/markets?shown=1`)
  return (await list.text()).includes(ticker)
}
