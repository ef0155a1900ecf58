import { expect, test } from 'vitest'
import { EventQueue } from '../../client/event-queue.ts'

test.each([1, 2, 5])('no more than %i events wait, whatever they are', async (most) => {
  const queue = new EventQueue(most)
  for (let n = 0; n < 100; n += 1) {
    queue.put({ type: 'ready', id: n })
    expect(queue.length).toBeLessThanOrEqual(most + 1)
  }
  queue.end()
  const told: unknown[] = []
  for (;;) {
    const { done, value } = await queue.next()
    if (done === true) break
    told.push(value)
  }
  expect(told.at(-1)).toEqual({ type: 'ready', id: 99 })
  expect(told).toContainEqual(expect.objectContaining({ type: 'behind' }))
})
