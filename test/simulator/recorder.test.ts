import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeRecording } from '../../simulator/recorder.ts'
import { readRecording } from '../../simulator/recording.ts'
import { FIXTURE, FIXTURE_OPTIONS } from './fixture.ts'

const fixture = readFileSync(FIXTURE, 'utf8')

test('the recording in test/fixtures is what its seed makes, byte for byte', () => {
  const directory = mkdtempSync(join(tmpdir(), 'recording-'))
  const path = join(directory, 'recording.jsonl')
  writeRecording(path, FIXTURE_OPTIONS)
  expect(readFileSync(path, 'utf8')).toBe(fixture)
  rmSync(directory, { recursive: true })
})

test('it holds what a reader must be able to take', () => {
  const { events, ids } = readRecording(fixture)
  expect(ids.size).toBe(8)
  const opening = events.slice(0, 8)
  expect(opening.every((each) => each.kind === 'snapshot')).toBe(true)
  expect(opening.some((each) => each.kind === 'snapshot' && each.no.length === 0)).toBe(true)
  const later = events.slice(8)
  expect(later.length).toBeGreaterThanOrEqual(200)
  const snapshots = later.flatMap((each) => (each.kind === 'snapshot' ? [each] : []))
  expect(snapshots.map((each) => each.yes.length + each.no.length > 0)).toEqual([false, true])
  const deltas = later.flatMap((each) => (each.kind === 'delta' ? [each] : []))
  const amends = deltas.filter((each, index) => {
    const before = deltas[index - 1]
    return before?.ts === each.ts && before?.ticker === each.ticker && before.change < 0
  })
  expect(amends.length).toBeGreaterThan(5)
  expect(deltas.some((each) => each.price % 10_000 !== 0)).toBe(true)
  expect(deltas.some((each) => each.change % 100 !== 0)).toBe(true)
  expect(deltas.some((each) => each.ticker.includes('.'))).toBe(true)
})
