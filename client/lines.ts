/** A line may have so many characters; what has more is not what we asked for. */
const LONGEST = 64 * 1024 * 1024

/** Reads UTF-8 as lines, each as soon as it is whole; text after the last newline is no line. Throws RangeError when one is too long. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > LONGEST) throw new RangeError('a line is too long')
      yield* lines
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
