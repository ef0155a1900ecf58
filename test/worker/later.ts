/** Lets the clock of an object run ahead of the real one, by stubbing what all objects here share. */
export async function later<Result>(ms: number, run: () => Promise<Result>): Promise<Result> {
  const { now } = Date
  Date.now = () => now() + ms
  try {
    return await run()
  } finally {
    Date.now = now
  }
}
