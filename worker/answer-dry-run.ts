import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { answerData } from './answer.ts'
import type { App } from './context.ts'

/**
 * Makes every route that is added from now on answer a dry run, once its parameters have been judged, with what the request
 * costs at most, in place of the work.
 */
export function answerDryRuns(app: OpenAPIHono<App>): void {
  const add = app.openapi
  const answering: typeof add = (route, handler, hook) => {
    const wet = handler as unknown as (c: Context<App>, next: () => Promise<void>) => unknown
    const either = (c: Context<App>, next: () => Promise<void>) =>
      c.get('dryRun') === true ? answerDryRun(c) : wet(c, next)
    return add(route, either as unknown as typeof handler, hook)
  }
  app.openapi = answering
}

function answerDryRun(c: Context<App>): Promise<Response> {
  return answerData(c, { credits: c.get('mostCredits') }, { caching: 'none', credits: 0 })
}
