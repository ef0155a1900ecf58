import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Metrics } from '../../collector/metrics.ts'
import { readSources } from '../source-code.ts'

const deploy = readFileSync(new URL('../../.github/workflows/deploy.yml', import.meta.url), 'utf8')
const page = readFileSync(new URL('../../docs/operate.md', import.meta.url), 'utf8')
const named = (word: string) => page.includes(`\`${word}\``)
const collector = [...readSources()].filter(([path]) => path.startsWith('collector/'))

test('the page for operators tells every event that the collector logs', () => {
  const events = collector.flatMap(([, text]) =>
    [...text.matchAll(/logEvent\(\s*(?:[^'()]*\? )?'(\w+)'(?: : '(\w+)')?/g)].flatMap(
      ([, one, other]) => [one ?? '', ...(other === undefined ? [] : [other])],
    ),
  )
  expect(events.length).toBeGreaterThan(30)
  expect(events.filter((event) => !named(event))).toEqual([])
})

test('it tells every reason to be unhealthy', () => {
  const text = readFileSync(new URL('../../core/health.ts', import.meta.url), 'utf8')
  const union = /UnhealthyReason =([\s\S]*?)\n\n/.exec(text)?.[1] ?? ''
  const reasons = [...union.matchAll(/\| '(\w+)'/g)].map(([, reason = '']) => reason)
  expect(reasons).toHaveLength(6)
  expect(reasons.filter((reason) => !named(reason))).toEqual([])
})

test('it tells every metric', () => {
  const names = new Metrics().registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => !/^kalshibook_(?:process|nodejs)_/.test(name))
  expect(names.length).toBeGreaterThan(15)
  expect(names.filter((name) => !page.includes(`\`${name}`))).toEqual([])
})

test('every variable it names is one that we read', () => {
  const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
  const words = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`/g)].map(
    ([, word = '']) => word,
  )
  const ours = words.filter((word) => !word.startsWith('RAILWAY_'))
  expect(ours.length).toBeGreaterThan(15)
  // Those of the workflows are secrets of theirs.
  const known = (word: string) =>
    example.includes(`\n${word}=`) || deploy.includes(`{{ secrets.${word} }}`)
  expect(ours.filter((word) => !known(word))).toEqual([])
})
