import { expect, test } from 'vitest'
import { readSources } from './source-code.ts'

const naming = (word: string) =>
  [...readSources()]
    .filter(([path, text]) => path.startsWith('worker/') && text.includes(word))
    .map(([path]) => path)
    .sort()

test('only what describes series, events and markets is read through the cache that Hyperdrive keeps', () => {
  expect(naming('HYPERDRIVE_METADATA')).toEqual(['worker/context.ts', 'worker/env.ts'])
  const readers = naming('readMetadata(').filter((path) => path !== 'worker/context.ts')
  expect(readers).toEqual([
    'worker/routes/events.ts',
    'worker/routes/series.ts',
    'worker/site/pages/live.tsx',
  ])
})
