import type { OpenAPIHono } from '@hono/zod-openapi'
import type { App } from '../context.ts'
import { refuse } from '../refuse.ts'
import { sitePath } from './site-path.ts'

/** `GET /site/{file}`: deployed, these files are served before the Worker is asked; here it is asked first. */
export function addSiteFiles(app: OpenAPIHono<App>): void {
  sitePath(app, '/site/:file')
  app.get('/site/:file', async (c) => {
    const file = await c.env.ASSETS.fetch(c.req.raw)
    if (file.status !== 404) return new Response(file.body, file)
    return refuse(c, { code: 'not_found', message: 'there is no such file' })
  })
}
