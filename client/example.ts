import { LiveStream } from './live.ts'

/** Follows a market and prints what happens, until its log ends or the stream may not be opened again. */
export async function watchMarket(
  url: string,
  apiKey: string,
  market: string,
  print: (line: string) => void,
): Promise<void> {
  const stream = new LiveStream({ url, apiKey })
  stream.subscribe({ markets: [market], channels: ['book', 'trade'] })
  for await (const event of stream) {
    switch (event.type) {
      case 'book':
      case 'changes': {
        const { bids = [], asks = [] } = stream.book(market)?.view(1) ?? {}
        print(`bid ${bids[0]?.join(' × ') ?? 'none'}, ask ${asks[0]?.join(' × ') ?? 'none'}`)
        break
      }
      case 'trade':
        print(`${event.size} traded at ${event.price}`)
        break
      case 'gap':
        print(`no book is known: ${event.cause}`)
        break
      case 'stale':
        print(`possibly wrong from here on: ${event.cause}`)
        break
      case 'healthy':
        print('current')
        break
      case 'end':
        print(`the log is over: ${event.reason}`)
        return
      case 'stopped':
        print(`stopped: ${event.message}`)
        return
    }
  }
}
