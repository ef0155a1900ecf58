import type { CallOutcome } from '#core/call-log'
import { PAGES } from '../../account/account-spending.ts'
import type { ShownKey } from '../account-keys.ts'
import type { CallsView } from './account-calls.ts'
import type { KeyNames } from './key-names.ts'

const OUTCOMES: readonly (readonly [CallOutcome, string])[] = [
  ['answered', 'Answered'],
  ['refused', 'Refused (4xx)'],
  ['failed', 'Failed (5xx, broke off)'],
  ['open', 'Under way'],
]

type Props = {
  readonly view: CallsView
  readonly keys: readonly ShownKey[]
  readonly names: KeyNames
}

/** What chooses which calls are shown. */
export function CallsFilter({ view, keys, names }: Props) {
  const ids = [...keys.map(({ id }) => id), PAGES]
  const isOther = view.key !== null && !ids.includes(view.key)
  return (
    <form class="line filter" method="get" action="/dashboard/requests">
      <label for="outcome">Status</label>
      <select id="outcome" name="outcome">
        <option value="">any</option>
        {OUTCOMES.map(([word, title]) => (
          <option value={word} selected={view.outcome === word}>
            {title}
          </option>
        ))}
      </select>
      <label for="key">Key</label>
      <select id="key" name="key">
        <option value="">any</option>
        {[...ids, ...(isOther ? [view.key ?? ''] : [])].map((id) => (
          <option value={id} selected={view.key === id}>
            {names(id)}
          </option>
        ))}
      </select>
      <button type="submit" class="second">
        Show
      </button>
    </form>
  )
}
