import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files of a tree: path from its root, with `/`, and text. */
export type Sources = ReadonlyMap<string, string>

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = [
  'bench',
  'client',
  'collector',
  'core',
  'local',
  'migrations',
  'simulator',
  'test',
  'worker',
]

/** Every TypeScript file of the project. */
export function readSources(): Sources {
  const paths = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => join(folder, path).replaceAll('\\', '/'))
      .filter((path) => /\.tsx?$/.test(path) && !path.includes('node_modules')),
  )
  return new Map(paths.sort().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
}

const STRING = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//
// A slash opens a regular expression only where a value may begin.
const REGEX =
  /(?<=(?:^|[=(,:;[!&|?{}>]|return)\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//
const TOKEN = new RegExp(`${COMMENT.source}|${STRING.source}|${REGEX.source}`, 'g')

/** The code without its comments and with each string as `'n'`, its place in `strings`. */
export function numberedStrings(text: string): { code: string; strings: readonly string[] } {
  const strings: string[] = []
  const code = text.replace(TOKEN, (token) =>
    /^['"]/.test(token) ? `'${strings.push(token.slice(1, -1)) - 1}'` : blank(token),
  )
  return { code, strings }
}

/** The code without its comments, strings and regular expressions: names and punctuation. */
export function bareCode(text: string): string {
  return text.replace(TOKEN, (token) => (token.startsWith('`') ? holes(token) : blank(token)))
}

/** What a template calls is code; the rest of it is text. */
function holes(template: string): string {
  return [...template.matchAll(/\$\{([^}]*)\}/g)].map(([, code]) => ` (${code}) `).join('')
}

function blank(token: string): string {
  const lines = token.replace(/[^\n]/g, '')
  return /^\/[/*]/.test(token) ? lines : `''${lines}`
}
