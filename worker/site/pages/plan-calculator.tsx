import { readDailyUse, USE_FIELDS, type UseField } from '#core/plan-advice'
import { type AdviceWords, adviceWords } from '../advice-words.ts'
import { type Attempted, Field } from '../form-fields.tsx'

const BEGINNING = { books: '10,000', rows: '8,000,000', minutes: '20,000' }

type Props = { readonly typed: Readonly<Partial<Record<UseField, string>>> }

/** What a month costs by what is used a day; without its script it is asked of the server. */
export function PlanCalculator({ typed }: Props) {
  const asked = USE_FIELDS.some((field) => typed[field] !== undefined) ? typed : BEGINNING
  const read = readDailyUse(asked)
  const attempted: Attempted = read.ok
    ? null
    : {
        typed: { ...asked },
        error: {
          code: 'invalid_param',
          message: read.message,
          param: read.field,
          retryAfterMs: null,
          requestId: '',
        },
      }
  return (
    <section aria-labelledby="calculator">
      <h2 id="calculator">What would it cost you?</h2>
      <div class="halves">
        <form id="use" method="get" action="/pricing#calculator" class="card" novalidate>
          <Field
            name="books"
            label="Books a day"
            hint="One a minute for one market is 1,440."
            inputmode="numeric"
            value={asked.books ?? ''}
            attempted={attempted}
          />
          <Field
            name="rows"
            label="Rows a day"
            hint="Changes, trades, best bids and offers, candles."
            inputmode="numeric"
            value={asked.rows ?? ''}
            attempted={attempted}
          />
          <Field
            name="minutes"
            label="Market-minutes streamed a day"
            hint="Ten markets that are busy for eight hours are 4,800."
            inputmode="numeric"
            value={asked.minutes ?? ''}
            attempted={attempted}
          />
          <button type="submit">Work it out</button>
        </form>
        <Advice words={read.ok ? adviceWords(read.use) : null} />
      </div>
    </section>
  )
}

function Advice({ words }: { readonly words: AdviceWords | null }) {
  return (
    <div class="card advice">
      <p id="advice" role="status">
        {words?.sentence ?? 'One of the numbers cannot be read.'}
      </p>
      <table hidden={words === null}>
        <thead>
          <tr>
            <th scope="col">Plan</th>
            <th scope="col" class="num">
              A month
            </th>
            <th scope="col">
              <span class="unseen">Why</span>
            </th>
          </tr>
        </thead>
        <tbody id="costs">
          {(words?.costs ?? []).map(({ plan, title, price, why }) => (
            <tr class={plan === words?.cheapest ? 'chosen' : ''}>
              <th scope="row">{title}</th>
              <td class="num">{price}</td>
              <td class="quiet">{why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
