import type { Context } from 'hono'
import { answerData } from '../answer.ts'
import type { App } from '../context.ts'

/** Answers a call of our pages with data that nobody keeps; it costs nothing. */
export function answerPerson(c: Context<App>, data: unknown): Promise<Response> {
  return answerData(c, data, { caching: 'none', credits: 0 })
}
