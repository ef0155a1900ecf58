import { parseArgs } from 'node:util'
import { z } from 'zod'
import type { ExchangeOptions } from './options.ts'

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'is no whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most))

const schema = z.object({
  port: whole(0, 65_535).optional(),
  markets: whole(1, 100_000).optional(),
  rate: whole(0, 1_000_000).optional(),
  seed: whole(0, 2 ** 32 - 1).optional(),
  speed: z.coerce.number().positive().optional(),
  replay: z.string().optional(),
  lives: z.boolean().optional(),
  load: z.boolean().optional(),
  levels: whole(4, 80).optional(),
  trades: whole(0, 100_000).optional(),
  skew: z.coerce.number().min(0).max(3).optional(),
  paused: z.boolean().optional(),
  'key-file': z.string().optional(),
})

/** What the command line asks for, or every problem with it, a line each. */
export type Arguments =
  | { ok: true; options: ExchangeOptions; keyFile: string | undefined }
  | { ok: false; problems: string[] }

/**
 * Reads `--port --markets --rate --skew --seed --paused --lives`, `--load --levels --trades`,
 * `--replay FILE --speed` and `--key-file FILE`.
 */
export function readArguments(argv: readonly string[]): Arguments {
  const text = { type: 'string' } as const
  let values: Record<string, string | boolean | undefined>
  try {
    values = parseArgs({
      args: [...argv],
      options: {
        port: text,
        markets: text,
        rate: text,
        seed: text,
        speed: text,
        replay: text,
        lives: { type: 'boolean' },
        load: { type: 'boolean' },
        levels: text,
        trades: text,
        skew: text,
        paused: { type: 'boolean' },
        'key-file': text,
      },
    }).values
  } catch (error) {
    return { ok: false, problems: [error instanceof Error ? error.message : String(error)] }
  }
  const read = schema.safeParse(values)
  if (!read.success) {
    const problems = read.error.issues.map((each) => `--${each.path.join('.')}: ${each.message}`)
    return { ok: false, problems }
  }
  const { 'key-file': keyFile, ...rest } = read.data
  const options = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  ) as ExchangeOptions
  return { ok: true, options, keyFile }
}
