import { setTimeout as sleep } from 'node:timers/promises'
import type { IngestRig } from './ingest-rig.ts'

const SETTLE_MS = 3000
const TRIAL_MS = 8000
const PROOF_MS = 20_000
/**
 * A lag whose floor has grown by more than this between the first and the last quarter of a trial would grow for ever. The
 * floor, since a lag that Postgres's checkpoints raise for a moment comes back to it.
 */
const GROWTH_MS = 200
const FLOOR = 0.05
const LONGEST_LAG_MS = 5000
/** The share of the wanted rate that the exchange must really have sent. */
const REACHED = 0.97
const FIRST_SHARE = 0.3
const FASTER = 1.3
const SLOWER = 0.94
const HALVINGS = 3

/**
 * The highest rate, in deltas a second, at which the record's lag stays bounded for 20 s and nothing is lost. The
 * exchange sends at a steady rate, as the real one does, whether the collector keeps up or not: rates are tried upwards
 * until one fails, then between the last two, and the best is proved over the whole 20 s. The answer is what
 * was really sent, all of which is then found in the store.
 */
export async function sustainedRate(rig: IngestRig): Promise<number> {
  let good = 0
  let bad = Number.POSITIVE_INFINITY
  const trial = async (rate: number) => {
    const sent = await bounded(rig, rate, TRIAL_MS)
    if (sent === null) bad = rate
    else good = rate
    return sent !== null
  }
  let rate = rig.baseline.rowsPerS * FIRST_SHARE
  while (!(await trial(rate)) && rate > 1000) rate /= 2
  while (bad === Number.POSITIVE_INFINITY) await trial(good * FASTER)
  for (let i = 0; i < HALVINGS; i += 1) await trial((good + bad) / 2)
  for (rate = good; rate > 1000; rate *= SLOWER) {
    const sent = await bounded(rig, rate, PROOF_MS)
    if (sent !== null) {
      await rig.agree()
      return sent
    }
  }
  throw new Error('no rate is sustained')
}

/** Deltas a second that were sent and recorded with a bounded lag; null when it grew or something was lost. */
async function bounded(rig: IngestRig, rate: number, ms: number): Promise<number | null> {
  const { collector, lag } = rig
  lag.forget()
  const gaps = collector.said('gaps')
  const reconnects = collector.said('reconnects')
  await rig.setRate(Math.round(rate))
  await sleep(SETTLE_MS)
  const begun = await rig.sent()
  await sleep(ms)
  const ended = await rig.sent()
  await rig.quiet()
  const sent = (ended.deltas - begun.deltas) / ((ended.atUs - begun.atUs) / 1_000_000)
  const quarterUs = (ended.atUs - begun.atUs) / 4
  const worstMs = lag.percentileMs(begun.atUs, ended.atUs, 1)
  const growth =
    lag.percentileMs(ended.atUs - quarterUs, ended.atUs, FLOOR) -
    lag.percentileMs(begun.atUs, begun.atUs + quarterUs, FLOOR)
  // A status is a second old at most.
  await sleep(1100)
  const lost = collector.said('gaps') > gaps || collector.said('reconnects') > reconnects
  const held = worstMs <= LONGEST_LAG_MS && growth <= GROWTH_MS && sent >= rate * REACHED && !lost
  const word = held ? 'held' : 'not held'
  process.stderr.write(
    `${Math.round(rate)}/s ${word}: sent ${Math.round(sent)}/s, worst lag ${Math.round(worstMs)} ms, growth ${Math.round(growth)} ms${lost ? ', lost' : ''}\n`,
  )
  return held ? sent : null
}
