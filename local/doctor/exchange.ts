import { readCollectorConfig } from '../../collector/config.ts'
import { KalshiHttp } from '../../collector/kalshi-http.ts'
import { TokenBudget } from '../../collector/token-budget.ts'
import { reachExchange } from '../reach-exchange.ts'
import { type Finding, ok, reasonOf, skipped, wrong } from './finding.ts'
import type { Variables } from './variables.ts'

/** Looks at the exchange: that both its addresses answer, and that it takes our key. */
export async function checkExchange(given: Variables): Promise<Finding[]> {
  const read = readCollectorConfig(given)
  if (!read.ok) return [skipped('the exchange', 'the collector’s variables are not all right')]
  try {
    await reachExchange({ ...given })
    const { KALSHI_REST_URL, KALSHI_KEY_ID, privateKey } = read.config
    const credentials = { keyId: KALSHI_KEY_ID, privateKey }
    const budget = new TokenBudget({ perSecond: 10, capacity: 10 })
    await new KalshiHttp(KALSHI_REST_URL, credentials, budget).get('/account/limits', 'start', 0)
    return [ok('the exchange', 'answers, and takes our key')]
  } catch (error) {
    return [wrong('the exchange', reasonOf(error))]
  }
}
