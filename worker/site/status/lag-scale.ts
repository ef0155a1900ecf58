/** The powers of ten of ms that the picture of the lag has room for: 0.1 ms below, 10 s above. */
const [LEAST, MOST] = [-1, 4]

/** The lines of the picture, the highest first: what each says. */
export const LAG_LINES = ['10 s', '1 s', '100 ms', '10 ms', '1 ms', '0.1 ms']

/** How high a lag stands in the picture, 0 to 1: each line is ten times the one below. @param ms 0 or more */
export function lagHeight(ms: number): number {
  if (ms <= 10 ** LEAST) return 0
  return Math.min(1, (Math.log10(ms) - LEAST) / (MOST - LEAST))
}
