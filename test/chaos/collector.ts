import { setTimeout as sleep } from 'node:timers/promises'
import { trueTime } from '../../simulator/clock.ts'
import { until } from '../until.ts'
import { FAULT_GROUPS, type FaultGroup } from './collector-faults.ts'
import { judge } from './collector-verdict.ts'
import type { Fault, Loss, Struck } from './fault.ts'
import { FaultRig, type FaultRigPlan } from './fault-rig.ts'
import { CLOCKS_US } from './gap-verdict.ts'

export type FaultReport = {
  readonly fault: string
  /** How often it struck; a fault that never did is a problem. */
  readonly struck: number
  /** Gaps that it left, of all markets. */
  readonly gaps: number
  readonly problems: readonly string[]
}

/** Trading goes on for so long before a fault strikes, and up to as much longer. */
const BEFORE_MS = 300
/** A loss that nobody told within so long is told by nobody. */
const TOLD_MS = 30_000
/** Receive times may be so much older than the true ones, where a clock was set back. */
const SINCE_US = 5_000_000

/** Every fault whose name holds `only`, one after the other. Throws when a rig does not start. */
export async function* chaosCollector(
  plan: FaultRigPlan,
  only = '',
): AsyncGenerator<FaultReport, void> {
  for (const { faults, ...group } of FAULT_GROUPS) {
    const chosen = faults.filter(({ name }) => name.includes(only))
    if (chosen.length === 0) continue
    const rig = await openFaultRig(plan, group)
    try {
      for (const fault of chosen) yield await strikeAndJudge(rig, fault)
    } finally {
      await rig.stop()
    }
  }
}

/** Starts what the faults of a group need: an exchange that trades, a Postgres, and a collector that knows every book. */
export async function openFaultRig(
  plan: FaultRigPlan,
  { apart }: Pick<FaultGroup, 'apart'>,
): Promise<FaultRig> {
  const rig = await FaultRig.open(plan)
  try {
    if (apart) rig.startApart()
    else await rig.startHere()
    await rig.recovered()
    return rig
  } catch (error) {
    await rig.stop()
    throw error
  }
}

/** Lets a fault strike, lets trading go on and come to rest, and looks at everything; trading then goes on. */
export async function strikeAndJudge(rig: FaultRig, fault: Fault): Promise<FaultReport> {
  const sinceUs = trueTime() - SINCE_US
  await sleep(BEFORE_MS + rig.random.below(BEFORE_MS))
  const struck = await strikeOf(rig, fault)
  // What is silent is found out only after a while; what is never found out is told by the verdict.
  await until('every loss is told', () => told(rig, struck.losses), TOLD_MS).catch(() => {})
  await sleep(rig.plan.seconds * 1000)
  const restless = await rig.settle()
  const { gaps, problems } = await judge(rig, struck, sinceUs)
  rig.exchange.start()
  const never = struck.times === 0 ? ['it never struck'] : []
  return {
    fault: fault.name,
    struck: struck.times,
    gaps,
    problems: [...never, ...restless, ...problems],
  }
}

/** Whether the store holds a gap over every loss, and that gap has ended. */
async function told({ sql }: FaultRig, losses: readonly Loss[]): Promise<boolean> {
  for (const { atUs, markets } of losses) {
    const [row] = await sql`
      select count(distinct m.ticker)::int as told
      from kb.book_gaps g join kb.markets m on m.id = g.market_id
      where m.ticker in ${sql([...markets])} and g.to_us >= ${atUs - CLOCKS_US}`.catch(() => [])
    if (row?.['told'] !== markets.length) return false
  }
  return true
}

async function strikeOf(rig: FaultRig, fault: Fault): Promise<Struck> {
  try {
    return await fault.strike(rig)
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    return { times: 0, losses: [], problems: [what] }
  }
}
