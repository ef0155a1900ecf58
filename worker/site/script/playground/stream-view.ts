import { LiveStream } from '../../../../client/live.ts'
import { platformSocket } from '../../../../client/socket.ts'
import type { StreamEvent } from '../../../../client/stream-event.ts'
import type { Selection } from '../../../../client/subscriptions.ts'
import type { Call } from '../../playground/call.ts'
import { printCount } from '../../print-count.ts'
import { pageKey } from '../page-key.ts'
import { DepthChart } from '../picture/depth-chart.ts'
import { element } from '../picture/element.ts'
import { Ladder } from '../picture/ladder.ts'
import type { AnswerView } from './answer-view.ts'

/** So many messages are kept on the page, and so much (characters) of each. */
const MESSAGES = 100
const LONGEST = 600
const LEVELS = 10

/** Follows a stream: its first market's book as it moves, and the messages as they come. */
export class StreamView {
  readonly #view: AnswerView
  readonly #ended: () => void
  #stream: LiveStream | null = null
  #count = 0
  /** How often one was started or ended: one that waits for its key meanwhile is not opened. */
  #turn = 0
  /** Draws the book of the stream that is open as it stands. */
  #draw = () => {}

  /** @param ended is told when a stream has ended */
  constructor(view: AnswerView, ended: () => void) {
    this.#view = view
    this.#ended = ended
  }

  /** Opens a stream in place of the one that is open. */
  async start(call: Call): Promise<void> {
    this.stop()
    const turn = this.#turn
    this.#view.begin('connecting')
    const made = await pageKey()
    if (turn !== this.#turn) return
    if (!made.ok) {
      this.#view.refuse(made, null)
      this.#ended()
      return
    }
    const asked = JSON.parse(call.subscribe ?? '{}') as Asked
    const one = call.operation.path.includes('{ticker}')
    const market = one ? decodeURIComponent(call.path.split('/')[3] ?? '') : asked.markets?.[0]
    const list = element('ol', 'messages')
    const heading = element('h3', '', 'Messages')
    list.tabIndex = 0
    list.setAttribute('aria-label', 'Messages, newest first')
    this.#count = 0
    const stream = new LiveStream({
      url: location.origin,
      apiKey: made.key.key,
      ...(one && market !== undefined ? { market } : {}),
      open: (url, protocols) => {
        const socket = platformSocket(url, protocols)
        socket.addEventListener('message', ({ data }) => this.#message(heading, list, String(data)))
        return socket
      },
    })
    this.#stream = stream
    stream.subscribe(selectionOf(asked))
    const [ladder, depth] = [element('div'), element('div')]
    const title = element('h3', '', market ?? '')
    const pictures = element('div', 'pictures', element('div', '', title, ladder), depth)
    depth.prepend(element('h3', '', 'Depth'))
    const chart = element('div')
    depth.append(chart)
    this.#view.host().replaceChildren(pictures, heading, list)
    void this.#follow(stream, market ?? '', new Ladder(ladder, LEVELS), new DepthChart(chart))
  }

  /** Ends what is open. */
  stop(): void {
    this.#turn += 1
    if (this.#stream === null) return
    this.#stream.close()
    this.#draw()
    this.#stream = null
    this.#view.state('', `ended after ${this.#count} messages`)
    this.#ended()
  }

  async #follow(
    stream: LiveStream,
    market: string,
    ladder: Ladder,
    depth: DepthChart,
  ): Promise<void> {
    let drawing = false
    const draw = () => {
      drawing = false
      const book = stream.book(market)
      ladder.show(book?.view() ?? null, book?.stale ?? true)
      depth.show(book?.view() ?? null)
    }
    this.#draw = draw
    for await (const event of stream) {
      if (stream !== this.#stream) return
      this.#hear(event)
      if (drawing) continue
      drawing = true
      requestAnimationFrame(draw)
    }
  }

  #hear(event: StreamEvent): void {
    if (event.type === 'stale') this.#view.state('warn', 'connecting again')
    else if (event.type === 'stopped') {
      this.stop()
      this.#view.refuse({ code: event.cause, message: event.message }, null)
    } else if (event.type === 'error') {
      this.#view.refuse({ code: event.code, message: event.message }, null)
    } else if (this.#stream?.healthy) this.#view.state('live', 'live')
    else this.#view.state('warn', 'not current')
  }

  #message(heading: HTMLElement, list: HTMLElement, text: string): void {
    this.#count += 1
    heading.textContent = `Messages: ${printCount(this.#count)}`
    const time = element('time', '', new Date().toISOString().slice(11, 23))
    const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
    list.prepend(element('li', '', time, shown))
    if (list.children.length > MESSAGES) list.lastElementChild?.remove()
  }
}

/** What the form says of a stream. */
type Asked = {
  readonly markets?: readonly string[]
  readonly channels?: Selection['channels']
  readonly depth?: Selection['depth']
  readonly conflate_ms?: number
}

function selectionOf({ markets, channels, depth, conflate_ms }: Asked): Selection {
  return {
    ...(markets === undefined ? {} : { markets }),
    ...(channels === undefined ? {} : { channels }),
    ...(depth === undefined ? {} : { depth }),
    ...(conflate_ms === undefined ? {} : { conflateMs: conflate_ms }),
  }
}
