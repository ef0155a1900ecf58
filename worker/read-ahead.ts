/** Reads one thing further than was asked for, so that the next is there, or under way, when it is. Throws as the source does. */
export async function* readAhead<Item>(source: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let next = source.next()
  try {
    for (;;) {
      const { done, value } = await next
      if (done) return
      next = source.next()
      // Whoever asks for it is told; nobody may.
      next.catch(() => {})
      yield value
    }
  } finally {
    await source.return(undefined)
  }
}
