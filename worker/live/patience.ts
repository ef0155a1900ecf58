/** Waits for a promise, but not longer than `patienceMs`: then null, whatever becomes of it. Rejects as it does in time. */
export async function inTime<Result>(
  promise: Promise<Result>,
  patienceMs: number,
): Promise<Result | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(() => resolve(null), patienceMs)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
