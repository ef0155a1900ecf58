import { fileURLToPath } from 'node:url'
import { unstable_readConfig } from 'wrangler'
import { z } from 'zod'
import { type Finding, ok, wrong } from './finding.ts'
import type { Variables } from './variables.ts'

const FILE = fileURLToPath(new URL('../../wrangler.toml', import.meta.url))
const config = z.object({
  kv_namespaces: z.array(z.object({ binding: z.string(), id: z.string().optional() })),
  hyperdrive: z.array(z.object({ binding: z.string(), id: z.string() })),
  vars: z.record(z.string(), z.unknown()),
})
/** As they stand in the repository: nothing of Cloudflare's has such an id. */
const PLACEHOLDER = /^0+\d$/
/** What both sides must be told alike. */
const SAME = ['FEED_SHARDS', 'FEED_ENV', 'PUBLIC_URL', 'SUPABASE_URL'] as const

/** Looks at wrangler.toml: its ids are real, and it says what the variables say. */
export function checkWranglerFile(given: Variables, file = FILE): Finding[] {
  const { kv_namespaces, hyperdrive, vars } = config.parse(unstable_readConfig({ config: file }))
  const placeholders = [...kv_namespaces, ...hyperdrive]
    .filter(({ id = '' }) => id === '' || PLACEHOLDER.test(id))
    .map(({ binding }) =>
      wrong(`wrangler.toml, ${binding}`, 'has no real id: make it, and write its id there'),
    )
  const other = SAME.filter(
    (name) => given[name] !== undefined && String(vars[name] ?? '') !== given[name],
  ).map((name) => wrong(`wrangler.toml, ${name}`, 'is not what the variable says'))
  const standIn =
    (vars['STRIPE_API_URL'] ?? '') === ''
      ? []
      : [wrong('wrangler.toml, STRIPE_API_URL', 'names a stand-in: leave it empty')]
  const found = [...placeholders, ...other, ...standIn]
  return found.length > 0
    ? found
    : [ok('wrangler.toml', 'its ids are real, and it says what the variables say')]
}
