import { isDeepStrictEqual } from 'node:util'
import type { Pair } from './ask-instants.ts'
import type { HistoryApi } from './history-api.ts'
import { type Expected, expectedOf, type Question } from './plain-truth.ts'

/** An answer that is not what it must be. */
export type Difference = {
  readonly asked: string
  readonly expected: unknown
  readonly answered: unknown
}

/** What came of many questions: how many answers there were of each kind, and which of them were wrong. */
export type Verdict = {
  readonly kinds: Readonly<Record<string, number>>
  readonly differences: readonly Difference[]
}

/** Asks for one book after the other and holds every answer against the plain fold. */
export async function judge(
  api: HistoryApi,
  pairs: readonly Pair[],
  through: number,
): Promise<Verdict> {
  const kinds: Record<string, number> = {}
  const differences: Difference[] = []
  await api.each(pairs, async ({ market, question }) => {
    const asked = bookPath(market.ticker, question)
    const expected = expectedOf(market, through, question)
    const answered = await api.get(asked)
    const kind = kindOf(expected)
    kinds[kind] = (kinds[kind] ?? 0) + 1
    if (!agrees(expected, answered.status, answered.body)) {
      differences.push({ asked, expected, answered: answered.body })
    }
  })
  return { kinds, differences }
}

/** The path that asks the question. */
export function bookPath(ticker: string, question: Question): string {
  const point = 'at' in question ? `at=${question.at}` : `at_seq=${question.seq}`
  const depth = question.depth === null ? '' : `&depth=${question.depth}`
  return `/v1/markets/${ticker}/orderbook?${point}&view=${question.view}${depth}`
}

/** Whether an answer is the one that is expected, to the last field. */
function agrees(expected: Expected, status: number, body: unknown): boolean {
  const { data, error } = body as { data?: object; error?: object }
  return expected.kind === 'refused'
    ? status === expected.status && includes(error, expected.error)
    : status === 200 && tells(expected, data ?? {})
}

/** Whether a book is the one that is expected. */
export function tells(expected: Exclude<Expected, { kind: 'refused' }>, book: object): boolean {
  if (expected.kind === 'book') return isDeepStrictEqual(book, expected.data)
  const { gap, ...rest } = book as { gap?: object }
  const told = expected.gaps.some((each) => isDeepStrictEqual(each, gap))
  return told && isDeepStrictEqual(rest, expected.data)
}

/** The name under which it is counted. */
export function kindOf(expected: Expected): string {
  switch (expected.kind) {
    case 'book':
      return String(expected.data['status'])
    case 'unknown':
      return 'unknown'
    case 'refused':
      return String(expected.status)
  }
}

/** Whether an object has these fields, and others perhaps. */
export function includes(all: object | undefined, some: object): boolean {
  return Object.entries(some).every(([name, value]) => {
    const there = (all as Readonly<Record<string, unknown>> | undefined)?.[name]
    return isDeepStrictEqual(there, value)
  })
}
