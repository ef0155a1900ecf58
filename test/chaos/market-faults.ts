import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../until.ts'
import type { Fault } from './fault.ts'
import type { FaultRig } from './fault-rig.ts'

const CENT = 10_000

/** What becomes of markets while they are recorded: it costs no gap. */
export const MARKET_FAULTS: readonly Fault[] = [
  {
    name: 'a finer grid of prices',
    strike: async (rig) => {
      const market = await busyMarket(rig, 'linear_cent')
      let finer = 0
      const stop = rig.exchange.onBook((change) => {
        if (change.ticker !== market || change.kind !== 'delta') return
        if (change.price % CENT !== 0) finer += 1
      })
      rig.exchange.life.refine(market, 'deci_cent')
      await until('it trades between the cents', () => finer > 0)
      stop()
      await stored(rig, market, 'price_level_structure_updated')
      return { times: finer, losses: [] }
    },
  },
  {
    name: 'a market reactivated, which clears its book',
    strike: async (rig) => {
      const market = await busyMarket(rig)
      rig.exchange.life.pause(market)
      await stored(rig, market, 'deactivated')
      const levels = () => {
        const { yes, no } = rig.exchange.books().get(market) ?? { yes: [], no: [] }
        return yes.length + no.length
      }
      const before = levels()
      rig.exchange.life.resume(market)
      if (before === 0 || levels() > 0) throw new Error(`the book of ${market} was not cleared`)
      await stored(rig, market, 'activated')
      return { times: 1, losses: [] }
    },
  },
  {
    name: 'a market settling mid-stream: an empty snapshot that nobody asked for',
    strike: async (rig) => {
      const market = await busyMarket(rig)
      rig.exchange.life.close(market)
      rig.exchange.life.determine(market, 'yes')
      await sleep(100)
      rig.exchange.life.settle(market)
      rig.settled.add(market)
      const tail = async () => rig.sql`
        select d.kind, d.reason, d.ladders from kb.book_deltas d join kb.markets m on m.id = d.market_id
        where m.ticker = ${market} order by d.seq desc limit 2`
      await until('its log ends', async () => (await tail())[0]?.['kind'] === 3)
      const [end, last] = await tail()
      const right = end?.['reason'] === 'settled' && last?.['ladders'] === '|'
      const problems = right ? [] : [`${market} ended as ${end?.['reason']} ${last?.['ladders']}`]
      return { times: 1, losses: [], problems }
    },
  },
]

/** A market that has traded within this moment, with prices of this structure. */
async function busyMarket(rig: FaultRig, structure?: string): Promise<string> {
  const answer = await fetch(`${rig.exchange.restUrl}/markets?limit=1000&status=open`)
  const { markets } = (await answer.json()) as {
    markets: { ticker: string; price_level_structure: string }[]
  }
  const fit = markets.filter(
    (each) => (structure ?? each.price_level_structure) === each.price_level_structure,
  )
  const traded = new Set<string>()
  const stop = rig.exchange.onBook(({ ticker }) => traded.add(ticker))
  const found = () => fit.find(({ ticker }) => traded.has(ticker) && rig.markets.includes(ticker))
  await until('a market trades', () => found() !== undefined)
  stop()
  return found()?.ticker ?? ''
}

/** Waits until the store knows what became of the market. */
async function stored({ sql }: FaultRig, market: string, kind: string): Promise<void> {
  await until(`${market} is ${kind}`, async () => {
    const rows = await sql`
      select from kb.lifecycle l join kb.markets m on m.id = l.market_id
      where m.ticker = ${market} and l.kind = ${kind}`
    return rows.length > 0
  })
}
