import { percentile } from './figure.ts'

/** Milliseconds that single calls took, ours and those of the baseline, which took turns. */
export type Sampled = { readonly ours: readonly number[]; readonly baseline: readonly number[] }

type Call = () => Promise<unknown>

const WARM = 0.1

/** Makes `count` calls of each kind in turns of `turn`, after some that do not count, so that what disturbs one disturbs both. */
export async function sampleInTurns(
  count: number,
  turn: number,
  ours: Call,
  baseline: Call,
): Promise<Sampled> {
  const took: { ours: number[]; baseline: number[] } = { ours: [], baseline: [] }
  const make = async (call: Call, into: number[] | null, calls: number) => {
    for (let i = 0; i < calls; i += 1) {
      const begun = performance.now()
      await call()
      into?.push(performance.now() - begun)
    }
  }
  await make(ours, null, Math.ceil(count * WARM))
  await make(baseline, null, Math.ceil(count * WARM))
  while (took.ours.length < count) {
    await make(ours, took.ours, turn)
    await make(baseline, took.baseline, turn)
  }
  return took
}

/** What a share (0 to 1) of both did not exceed, ms. */
export function shareOf({ ours, baseline }: Sampled, share: number): readonly [number, number] {
  return [percentile(ours, share), percentile(baseline, share)]
}

/** Calls a second by so many clients at once, each kind in turns of so many seconds. The middle of the rounds counts. */
export async function rateInTurns(
  clients: number,
  rounds: number,
  seconds: number,
  ours: Call,
  baseline: Call,
): Promise<readonly [number, number]> {
  const rate = async (call: Call) => {
    const begun = performance.now()
    const until = begun + seconds * 1000
    let calls = 0
    const client = async () => {
      while (performance.now() < until) {
        await call()
        calls += 1
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    return calls / ((performance.now() - begun) / 1000)
  }
  const rates: { ours: number[]; baseline: number[] } = { ours: [], baseline: [] }
  await rate(ours)
  for (let round = 0; round < rounds; round += 1) {
    rates.ours.push(await rate(ours))
    rates.baseline.push(await rate(baseline))
  }
  return shareOf(rates, 0.5)
}
