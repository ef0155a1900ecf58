import type { Micros } from './instant.ts'
import type { OpenChannel } from './kalshi/commands.ts'
import type { Frame } from './kalshi/decode.ts'
import { errorMeaning } from './kalshi/error-meaning.ts'
import { MOST_REPEATS, sequenceOrder } from './sequence.ts'

export const LOOKOUT_CHANNELS = ['trade', 'ticker', 'market_lifecycle_v2'] as const

/** A frame about the whole exchange, not about one market's book. */
export type LookoutFrame = Extract<
  Frame,
  { kind: 'trade' | 'ticker' | 'market_lifecycle' | 'event_lifecycle' | 'event_fee' }
>

/** Whether a channel says everything: `lost` since `from`, the last frame that nothing is missing before; or again. */
export type ChannelTurn = {
  readonly channel: OpenChannel
  readonly state:
    | { readonly kind: 'lost'; readonly from: Micros }
    | { readonly kind: 'resumed'; readonly at: Micros }
}

/** What one frame led to. */
export type Looked = {
  readonly frame: LookoutFrame | null
  /** To be told before the frame. */
  readonly turns: readonly ChannelTurn[]
  /** The connection is of no more use. */
  readonly dead: string | null
}

type Sid = { readonly channel: OpenChannel; seq: number; vouched: Micros; repeats: number }

const NOTHING: Looked = { frame: null, turns: [], dead: null }

/** Keeps the order of the channels of one connection that speak of the whole exchange. */
export class Lookout {
  readonly #sids = new Map<number, Sid>()

  /** The channels that say everything now. */
  get there(): OpenChannel[] {
    return [...this.#sids.values()].map(({ channel }) => channel)
  }

  /** The channels that nothing comes of. */
  get missing(): OpenChannel[] {
    const { there } = this
    return LOOKOUT_CHANNELS.filter((channel) => !there.includes(channel))
  }

  /** Takes one frame. */
  frame(frame: Frame, now: Micros): Looked {
    if (frame.kind === 'subscribed') return this.#subscribed(frame.sid, frame.channel, now)
    if (frame.kind === 'malformed' && frame.sid === null) return { ...NOTHING, dead: frame.reason }
    const sid = frame.sid === null ? undefined : this.#sids.get(frame.sid)
    if (sid === undefined || frame.sid === null) return NOTHING
    const turns: ChannelTurn[] = []
    if ('seq' in frame && frame.seq !== null) {
      const order = sequenceOrder(sid.seq, frame.seq)
      if (order === 'duplicate') return this.#repeated(sid)
      if (order === 'gap') turns.push(...this.#hole(sid, now))
      sid.seq = frame.seq
      sid.repeats = 0
    }
    if (frame.kind === 'malformed') turns.push(...this.#hole(sid, now))
    const before = sid.vouched
    sid.vouched = now
    if (isEnd(frame)) {
      this.#sids.delete(frame.sid)
      return { ...NOTHING, turns: [...turns, lost(sid.channel, before)] }
    }
    return { ...NOTHING, turns, frame: isLookout(frame) ? frame : null }
  }

  /** The connection is lost. */
  lose(): ChannelTurn[] {
    const turns = [...this.#sids.values()].map(({ channel, vouched }) => lost(channel, vouched))
    this.#sids.clear()
    return turns
  }

  #subscribed(sid: number, name: string, now: Micros): Looked {
    const channel = LOOKOUT_CHANNELS.find((each) => each === name)
    if (channel === undefined) return NOTHING
    this.#sids.set(sid, { channel, seq: 0, vouched: now, repeats: 0 })
    return { ...NOTHING, turns: [{ channel, state: { kind: 'resumed', at: now } }] }
  }

  #repeated(sid: Sid): Looked {
    sid.repeats += 1
    return sid.repeats < MOST_REPEATS
      ? NOTHING
      : { ...NOTHING, dead: 'the count of a subscription went back' }
  }

  /** Frames are missing, or one cannot be read: what comes now is whole again. */
  #hole({ channel, vouched }: Sid, now: Micros): ChannelTurn[] {
    return [lost(channel, vouched), { channel, state: { kind: 'resumed', at: now } }]
  }
}

function lost(channel: OpenChannel, from: Micros): ChannelTurn {
  return { channel, state: { kind: 'lost', from } }
}

function isEnd(frame: Frame): boolean {
  if (frame.kind === 'unsubscribed') return true
  return frame.kind === 'error' && errorMeaning(frame.code).kind === 'ended'
}

function isLookout(frame: Frame): frame is LookoutFrame {
  switch (frame.kind) {
    case 'trade':
    case 'ticker':
    case 'market_lifecycle':
    case 'event_lifecycle':
    case 'event_fee':
      return true
    default:
      return false
  }
}
