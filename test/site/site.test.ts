import { afterAll, beforeAll, describe } from 'vitest'
import { testLivePage } from './live-page.ts'
import { type Site, startSite } from './site-rig.ts'

let running: Site | undefined

/** One product and one browser for all that follows. */
function site(): Site {
  if (running === undefined) throw new Error('the site does not run')
  return running
}

beforeAll(async () => {
  running = await startSite()
})
afterAll(async () => {
  await running?.stop()
})

describe('live', () => testLivePage(site))
