import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { whole } from './whole.ts'

/** What may stand on the command line of `npm start`. */
export const optionSchema = z.object({
  '--port': whole(1, 65_535).default(8787),
  '--data': z.string().min(1).default('.data'),
  '--fresh': z.boolean().default(false),
  '--markets': whole(1, 20_000).default(40),
  '--rate': whole(0, 100_000).default(100),
  '--seed': whole(0, 2 ** 31 - 1).optional(),
  '--replay': z
    .string()
    .refine((file) => existsSync(file), { error: 'there is no such file' })
    .optional(),
  '--json': z.boolean().default(false),
})

export type Options = z.infer<typeof optionSchema>

export const USAGE = `npm start -- [options]
  --port N       where the API listens (8787)
  --data DIR     what is kept between runs (.data)
  --fresh        forget what was kept
  --markets N    markets of the simulated exchange (40)
  --rate R       its book events a second, over all markets (100)
  --seed S       makes its events repeatable
  --replay FILE  plays a recording instead
  --json         one JSON object a line on standard output
Addresses and secrets come from the environment: see .env.example`

/** Takes the command line apart; what does not belong there goes to `problems`. */
export function readOptions(argv: readonly string[], problems: string[]): Record<string, unknown> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    port: text,
    data: text,
    fresh: flag,
    markets: text,
    rate: text,
    seed: text,
    replay: text,
    json: flag,
  }
  try {
    const { values } = parseArgs({ args: [...argv], options })
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [`--${name}`, value]))
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error))
    return {}
  }
}

/** The command line of an exchange of ours. */
export function simulatorArguments(options: Options): string[] {
  const { '--replay': replay, '--seed': seed } = options
  const source =
    replay === undefined
      ? ['--markets', String(options['--markets']), '--rate', String(options['--rate'])]
      : ['--replay', replay]
  return [...source, ...(seed === undefined ? [] : ['--seed', String(seed)])]
}
