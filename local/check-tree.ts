import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from './command.ts'

/** A path in somebody's own folder works on that machine alone; in pieces, so that this file has none. */
const FORBIDDEN = new RegExp(['/(?:ho', 'me/[a-z]|Us', 'ers/[a-z]|ro', 'ot/)'].join(''))
const TEXT =
  /\.(?:ts|mts|mjs|js|json|jsonl|md|sql|toml|html|css|txt|yml|yaml|sh)$|(?:^|\/)[^.]*$|\.example$|ignore$/

/** Looks through every file that git would keep for paths that hold on one machine alone. */
export async function checkPaths(): Promise<string | null> {
  const { code, output } = await runCommand(
    'git',
    ...['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
  )
  if (code !== 0) return `git ls-files: ${output.trim()}`
  const paths = output.split('\0').filter((path) => TEXT.test(path))
  const found = await Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(ROOT, path), 'utf8').catch(() => '')
      return privatePaths(text).map((line) => `${path}:${line}`)
    }),
  )
  return found.flat().join('\n') || null
}

/** The lines that hold such a path, as `number: line`. */
export function privatePaths(text: string): string[] {
  if (!FORBIDDEN.test(text)) return []
  const lines = text.split('\n').map((line, i) => [i + 1, line] as const)
  return lines
    .filter(([, line]) => FORBIDDEN.test(line))
    .map(([number, line]) => `${number}: ${line.trim().slice(0, 120)}`)
}

/** Where the variables are read; one that does not exist yet has none. */
const CONFIGS = ['collector/config.ts', 'local/config.ts', 'worker/env.ts']
/** Where some are read that are no configuration of a program. */
const OTHERS = ['migrations/migrate.ts', 'local/doctor/database.ts']
/** The Worker's bindings are wrangler.toml's, not variables. */
const VARIABLE = /^\s+([A-Z][A-Z0-9]*_[A-Z0-9_]+|SELECT|CONNECTIONS|SHOWCASE):/gm
const BINDING = /^HYPERDRIVE_/

/** Tells which variables are missing in .env.example, and which it lists that nothing reads. */
export async function checkEnvExample(): Promise<string | null> {
  const text = await readFile(join(ROOT, '.env.example'), 'utf8').catch(() => null)
  if (text === null) return 'there is no .env.example'
  const configs = await Promise.all(
    CONFIGS.map((path) => readFile(join(ROOT, path), 'utf8').catch(() => '')),
  )
  const others = await Promise.all(
    OTHERS.map((path) => readFile(join(ROOT, path), 'utf8').catch(() => '')),
  )
  return envProblem(text, configs, others.join('\n'))
}

/** Compares the table of variables with the configurations that read them. */
export function envProblem(
  table: string,
  configs: readonly string[],
  mentioned = '',
): string | null {
  const read = new Set(configs.flatMap(variablesOf))
  const listed = new Set([...table.matchAll(/^#?\s?([A-Z][A-Z0-9_]+)=/gm)].map(([, key]) => key))
  const missing = [...read].filter((key) => !listed.has(key)).map((key) => `not listed: ${key}`)
  const stale = [...listed]
    .filter((key) => key !== undefined && !read.has(key) && !mentioned.includes(key))
    .map((key) => `listed, and nothing reads it: ${key}`)
  return [...missing, ...stale].join('\n') || null
}

function variablesOf(config: string): string[] {
  return [...config.matchAll(VARIABLE)]
    .map(([, key = '']) => key)
    .filter((key) => !BINDING.test(key))
}
