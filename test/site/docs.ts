import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Site } from './site-rig.ts'

/** Bytes of a page as it is sent packed. */
const MOST_BYTES = 100_000

/** `/docs` and its references, in a browser. */
export function testDocs(site: () => Site): void {
  test('a page shows its samples with this product’s address, and a button that copies one', async () => {
    const page = await site().open('/docs/getting-started')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const box = page.locator('.copy', { hasText: 'limit=1' }).first()
    // It says so for a moment alone.
    const said = box.getByRole('button', { name: 'Copied' }).waitFor()
    await Promise.all([said, box.getByRole('button', { name: 'Copy' }).click()])
    const copied = await page.evaluate<string>('navigator.clipboard.readText()')
    expect(copied).toContain(`${site().url}/v1/markets?status=active&limit=1`)
    await page.fill('#docs-search', 'close codes')
    await page.locator('#docs-found a').first().click()
    await page.waitForURL('**/docs/streaming#close-codes')
    await site().shoot(page, 'docs-streaming')
    await page.context().close()
  })

  test('on a phone, in the dark and without JavaScript a page is whole', async () => {
    const look = { width: 390, scheme: 'dark', javaScript: false } as const
    const page = await site().open('/docs/synchronising', look)
    await site().shoot(page, 'docs-phone')
    expect(await page.locator('h2#worked-by-hand').isVisible()).toBe(true)
    await page.context().close()
  })

  test('the references tell every address and message, in less than 100 KB', async () => {
    const openapi = (await (await fetch(`${site().url}/openapi.json`)).json()) as Rest
    const asyncapi = (await (await fetch(`${site().url}/asyncapi.json`)).json()) as Streams
    const references = [
      ['/docs/api', operationsOf(openapi)],
      ['/docs/streams', Object.keys(asyncapi.components.messages)],
    ] as const
    for (const [path, anchors] of references) {
      const html = await (await fetch(site().url + path)).text()
      expect(gzipSync(html).byteLength).toBeLessThan(MOST_BYTES)
      const missing = anchors.filter((anchor) => !html.includes(` id="${anchor}"`))
      expect([path, missing]).toEqual([path, []])
    }
  })

  test('the interactive reference comes by a press, and asks no other host', async () => {
    const page = await site().open('/docs/api/explorer')
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.click('#explorer-open')
    await page.getByRole('heading', { name: 'KalshiBook', exact: true }).waitFor()
    await page.waitForLoadState('networkidle')
    expect(asked.some((url) => url.includes('/site/scalar.'))).toBe(true)
    const foreign = asked.filter(
      (url) => !url.startsWith(site().url) && !/^(?:data|blob):/.test(url),
    )
    expect(foreign).toEqual([])
    await page.context().close()
  })

  test('every page is there as Markdown too, and machines find them all', async () => {
    const read = async (path: string, headers = {}) => {
      const answer = await fetch(site().url + path, { headers })
      return { answer, text: await answer.text() }
    }
    const { text: short, answer } = await read('/llms.txt')
    expect(answer.headers.get('Cache-Control')).toBe('public, max-age=3600')
    const etag = answer.headers.get('ETag') ?? ''
    expect((await read('/llms.txt', { 'If-None-Match': etag })).answer.status).toBe(304)
    const pages = [...short.matchAll(/\((\S+\.md)\)/g)].map(([, url = '']) => url)
    expect(pages.length).toBeGreaterThan(15)
    const { text: whole } = await read('/llms-full.txt')
    const { text: map } = await read('/sitemap.xml')
    for (const url of pages) {
      const path = new URL(url).pathname
      const { text, answer: markdown } = await read(path)
      expect([path, markdown.headers.get('Content-Type')]).toEqual([
        path,
        'text/markdown; charset=UTF-8',
      ])
      expect(whole).toContain(text.trim())
      const html = path.replace(/(?:\/index)?\.md$/, '')
      expect(map).toContain(`<loc>${site().url}${html}</loc>`)
      const page = await read(html)
      expect(page.answer.headers.get('Link')).toContain(`<${path}>; rel="alternate"`)
      expect((await read(html, { Accept: 'text/markdown' })).text).toBe(text)
    }
    const { text: robots } = await read('/robots.txt')
    expect(robots).toContain(`Sitemap: ${site().url}/sitemap.xml`)
    const { text: security } = await read('/.well-known/security.txt')
    const expires = Date.parse(/^Expires: (.*)$/m.exec(security)?.[1] ?? '')
    const days = (expires - Date.now()) / 86_400_000
    expect([days > 100, days < 366, /^Contact: mailto:\S+@/m.test(security)]).toEqual([
      true,
      true,
      true,
    ])
  })
}

type Rest = { paths: Record<string, Record<string, { operationId: string }>> }
type Streams = { components: { messages: Record<string, unknown> } }

function operationsOf({ paths }: Rest): string[] {
  return Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  )
}
