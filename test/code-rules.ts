import { bareCode, type Sources } from './source-code.ts'

const LONGEST = 300
const LONGEST_OBJECT = 200
const IMPURE =
  /(?<![.\w])(?:Date\.now|Math\.random|performance|process|console|crypto|fetch|setTimeout|setInterval|globalThis|new Date\(\s*\)|Date\(\s*\))(?!\w)/
/** Each says nothing of what a thing is, or means something else in our words. */
const FORBIDDEN = /^(?:managers?|services?|helpers?|utils?|instruments?|symbols?)$/i
const EXPORTED =
  /^export\s+(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|const|let|type|interface)\s+(\w+)/gm
const LISTED = /^export\s+(?:type\s+)?\{([^}]*)\}/gm
/** A program's entry hands the environment to its configuration; local hands it on to children. */
const HANDS_ENV = /^(?:collector|worker|simulator)\/main\.ts$|^(?:local|bench|test)\//
/** These alone read a variable out of it by name. */
const READS_ENV =
  /^(?:collector\/config|local\/(?:config|chromium|postgres-launch)|migrations\/migrate)\.ts$|^(?:bench|test)\//

/** What a market's object is made of. */
const HIBERNATING =
  /^worker\/live\/(?:market-(?:book|stream|checkpoint|leases)|subscribers|vouching|live-knowledge)\.ts$/
const PINNING = /\b(?:setTimeout|setInterval|setAlarm|waitUntil|inTime|new WebSocket)\b/
/** An alarm pins nothing, but wakes: this one comes once a week, to forget what nobody wants. */
const WEEKLY = /\bsetAlarm\b/g
const FORGETS = 'worker/live/market-checkpoint.ts'

type Rule = (path: string, text: string) => string | null

const pure: Rule = (path, text) => {
  const found = path.startsWith('core/') ? IMPURE.exec(bareCode(text)) : null
  return found === null ? null : `core is pure, and this says ${found[0]}`
}

const named: Rule = (path, text) =>
  path !== 'worker/main.ts' && /^export\s+default\b/m.test(bareCode(text))
    ? 'a default export'
    : null

const noBarrel: Rule = (_, text) => {
  const code = bareCode(text).trim()
  const rest = code.replace(/^export\s[^']*?\sfrom\s+''\s*/gm, '')
  return code !== '' && rest.trim() === '' ? 'nothing but re-exports' : null
}

const short: Rule = (path, text) => {
  if (path.startsWith('test/')) return null
  const object = path.startsWith('worker/live/') && /extends DurableObject\b/.test(bareCode(text))
  const lines = text.trimEnd().split('\n').length
  const most = object ? LONGEST_OBJECT : LONGEST
  return lines > most ? `${lines} lines, and ${most} are the most` : null
}

const wellNamed: Rule = (path, text) => {
  const words = [...exportedNames(text), ...path.replace(/\.tsx?$/, '').split('/')].flatMap(wordsOf)
  const bad = words.find((word) => FORBIDDEN.test(word))
  return bad === undefined ? null : `the word ${bad} in a name`
}

/** A market's object hibernates between messages, and what pends or is open keeps it from that. */
const hibernates: Rule = (path, text) => {
  if (!HIBERNATING.test(path)) return null
  const code = bareCode(text)
  const found = PINNING.exec(path === FORGETS ? code.replace(WEEKLY, '') : code)
  return found === null ? null : `a market's object must hibernate, and this says ${found[0]}`
}

const configured: Rule = (path, text) => {
  const code = bareCode(text)
  if (/\benv\b[^;\n]*from\s*''|\bloadEnvFile\b/.test(code) && /\bprocess\b/.test(text)) {
    return 'imports the environment'
  }
  if (!/\bprocess\.env\b/.test(code) || READS_ENV.test(path)) return null
  if (/\bprocess\.env\s*[.[]/.test(code)) return 'reads a variable of the environment'
  return HANDS_ENV.test(path) ? null : 'has the environment'
}

const RULES: readonly Rule[] = [pure, named, noBarrel, short, wellNamed, hibernates, configured]

/** Every breach of the rules about a single file, as `file: what is wrong`. */
export function codeBreaches(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) =>
    RULES.flatMap((rule) => {
      const problem = rule(path, text)
      return problem === null ? [] : [`${path}: ${problem}`]
    }),
  )
}

function exportedNames(text: string): string[] {
  const code = bareCode(text)
  const listed = [...code.matchAll(LISTED)].flatMap(([, names = '']) => names.split(','))
  return [
    ...[...code.matchAll(EXPORTED)].map(([, name = '']) => name),
    ...listed.map((name) => name.trim().split(/\s+/).at(-1) ?? ''),
  ]
}

/** `FeedShard`, `feed-shard` and `FEED_SHARD` as words. */
function wordsOf(name: string): string[] {
  return name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/)
}
