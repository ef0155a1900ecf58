import type { Epoch } from '#core/log'
import { MarketLog } from '#core/market-log'
import type { Ticker } from '#core/ticker'
import type { StoredRecord } from './store/entries.ts'
import type { MarketIds } from './store/market-ids.ts'
import type { OpenedEpoch } from './store/open-epoch.ts'

/**
 * The logs that an epoch finds open, each in its opening gap, and these gaps. A log that had ended is none of them: it
 * begins anew if its market comes back. Throws as Postgres does.
 */
export async function openLogs(
  epoch: Epoch,
  opened: OpenedEpoch,
  ids: MarketIds,
): Promise<{ readonly logs: Map<Ticker, MarketLog>; readonly openings: readonly StoredRecord[] }> {
  const markets = await ids.marketsOf(opened.logs.keys())
  const logs = new Map<Ticker, MarketLog>()
  const openings: StoredRecord[] = []
  for (const [marketId, { gap }] of opened.logs) {
    const market = markets.get(marketId)
    if (market === undefined || gap === null) continue
    logs.set(market, new MarketLog(epoch, gap))
    openings.push({ marketId, market, record: gap })
  }
  return { logs, openings }
}
