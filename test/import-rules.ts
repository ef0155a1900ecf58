import { posix } from 'node:path'
import { bareCode, numberedStrings, type Sources } from './source-code.ts'

/** One import or re-export of a file. */
export type Import = {
  /** A path from the root for a file of ours, else the name of a package. */
  readonly target: string
  readonly ours: boolean
  readonly typeOnly: boolean
}

const STATIC = /^[ \t]*(?:import|export)\s+(?:([^'";]*?)\sfrom\s+)?'(\d+)'/gm
const DYNAMIC = /\b(?:import|require)\(\s*'(\d+)'/g
const UNNAMED = /\b(?:import|require)\(\s*(?!['\s])/

/** What a file imports, statically, dynamically or by re-export. */
export function importsOf(path: string, text: string): Import[] {
  const { code, strings } = numberedStrings(text)
  const stated = [...code.matchAll(STATIC)].map(([, what = '', from]) => ({
    from: strings[Number(from)] ?? '',
    typeOnly: typesAlone(what),
  }))
  const called = [...code.matchAll(DYNAMIC)].map(([, from]) => ({
    from: strings[Number(from)] ?? '',
    typeOnly: false,
  }))
  return [...stated, ...called].map(({ from, typeOnly }) => ({ ...resolved(path, from), typeOnly }))
}

/** What was read of each tree: a file is on the way of many others. */
const read = new WeakMap<Sources, Map<string, readonly Import[]>>()

function importsIn(path: string, sources: Sources): readonly Import[] {
  const known = read.get(sources) ?? new Map<string, readonly Import[]>()
  read.set(sources, known)
  const imports = known.get(path) ?? importsOf(path, sources.get(path) ?? '')
  known.set(path, imports)
  return imports
}

function typesAlone(what: string): boolean {
  if (/^type\s+[^,]/.test(what)) return true
  const named = /^\{([\s\S]*)\}$/.exec(what.trim())?.[1]
  const names = named?.split(',').map((name) => name.trim()) ?? ['']
  return named !== undefined && names.every((name) => name === '' || name.startsWith('type '))
}

function resolved(path: string, from: string): { target: string; ours: boolean } {
  if (from.startsWith('#core/')) {
    return { target: `core/${from.slice('#core/'.length)}.ts`, ours: true }
  }
  if (from.startsWith('.')) {
    return { target: posix.join(posix.dirname(path), from), ours: true }
  }
  return { target: from, ours: false }
}

/** Which folders of ours the files of a folder may import, besides their own. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  collector: ['core'],
  worker: ['core'],
  simulator: ['core'],
  migrations: ['core'],
  client: ['core'],
  local: ['core', 'collector', 'worker', 'simulator', 'migrations', 'client'],
  bench: ['core', 'collector', 'worker', 'simulator', 'migrations', 'client', 'local'],
  test: ['core', 'collector', 'worker', 'simulator', 'migrations', 'client', 'local'],
}

/** What runs in browsers: of the Worker it is text, and the client's code is in it. */
const PAGE_SCRIPTS = 'worker/site/script'

/** Every breach of the import rules, as `file: what is wrong`. */
export function importBreaches(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const all = importsIn(path, sources)
    const wrong = all.flatMap((one) => {
      const problem = breach(path, one, sources)
      return problem === null ? [] : [`${path}: ${problem}`]
    })
    const folder = folderOf(path)
    if (!['local', 'test'].includes(folder) && UNNAMED.test(bareCode(text))) {
      wrong.push(`${path}: imports what it does not name`)
    }
    if (folder !== 'worker') return wrong
    const way = wayTo(path, (target) => target.startsWith('core/kalshi/'), sources)
    return way === null ? wrong : [...wrong, `${path}: reaches core/kalshi by ${way.join(' → ')}`]
  })
}

function breach(path: string, { target, ours, typeOnly }: Import, sources: Sources): string | null {
  const from = folderOf(path)
  if (!ours) return from === 'core' && target !== 'zod' ? `core imports ${target}` : null
  const to = folderOf(target)
  if (/\.tsx?$/.test(target) && !sources.has(target)) return `no file ${target}`
  if (within(path, PAGE_SCRIPTS) && to === 'client') return null
  if (within(target, PAGE_SCRIPTS) && !within(path, PAGE_SCRIPTS))
    return `${from} imports ${target}`
  if (to !== from && to in ALLOWED && !ALLOWED[from]?.includes(to))
    return `${from} imports ${target}`
  if (within(path, 'core/kalshi') && within(target, 'core/wire')) return `kalshi imports ${target}`
  if (within(path, 'core/wire') && within(target, 'core/kalshi')) return `wire imports ${target}`
  if (from === 'client' && within(target, 'core/wire') && !typeOnly) {
    return `client imports more than types of ${target}`
  }
  return null
}

/** The shortest way of imports, types included, from a file to one that is looked for; or null. */
export function wayTo(
  start: string,
  wanted: (path: string) => boolean,
  sources: Sources,
): string[] | null {
  const ways: string[][] = [[start]]
  const seen = new Set([start])
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const here = way.at(-1) ?? start
    if (here !== start && wanted(here)) return way
    for (const { target, ours } of importsIn(here, sources)) {
      if (!ours || seen.has(target)) continue
      seen.add(target)
      ways.push([...way, target])
    }
  }
  return null
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? path
}

function within(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`)
}
