import { expect, test } from 'vitest'
import { Parts } from '../../local/parts.ts'

const never = new Promise<never>(() => {})

test('what was started last is stopped first, and one that fails keeps none from it', async () => {
  const parts = new Parts(new AbortController().signal)
  const stopped: string[] = []
  for (const name of ['a', 'b', 'c']) {
    parts.add(name, never, async () => {
      stopped.push(name)
      if (name === 'b') throw new Error('b does not stop')
    })
  }
  await expect(parts.stop()).rejects.toThrow('b does not stop')
  expect(stopped).toEqual(['c', 'b', 'a'])
  await parts.stop()
  expect(stopped).toHaveLength(3)
})

test('a start that is given up waits no longer, starts nothing, and stops what it is handed', async () => {
  const abort = new AbortController()
  const parts = new Parts(abort.signal)
  const waiting = parts.during(never)
  abort.abort(new Error('given up'))
  await expect(waiting).rejects.toThrow('given up')
  const plan = { name: 'x', program: 'no/such/program.ts', logFile: '/no/such/folder/log' }
  expect(() => parts.launch(plan)).toThrow('given up')
  let stopped = false
  const late = () => parts.add('late', never, async () => (stopped = true))
  expect(late).toThrow('given up')
  await parts.stop()
  expect(stopped).toBe(true)
})

test('a part that ends by itself is named, and nothing waits on', async () => {
  const parts = new Parts(new AbortController().signal)
  parts.add('exchange', Promise.resolve(), async () => {})
  await expect(parts.during(never)).rejects.toThrow('exchange ended by itself')
  expect(await parts.ended).toBe('exchange')
})
