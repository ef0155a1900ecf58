import type { ShownInvoice } from '../account-billing.ts'
import { printDollars } from '../print-dollars.ts'
import { printDay } from '../print-moment.ts'

const SAYS: Readonly<Record<string, readonly [pill: string, word: string]>> = {
  paid: ['good', 'paid'],
  open: ['warn', 'to be paid'],
  draft: ['', 'being written'],
  void: ['', 'taken back'],
  uncollectible: ['bad', 'unpaid'],
}

/** The last invoices, the newest first, with the way to each at Stripe. */
export function InvoiceTable({ invoices }: { readonly invoices: readonly ShownInvoice[] }) {
  if (invoices.length === 0) return <p class="quiet">There are no invoices yet.</p>
  return (
    <div class="scroll">
      <table class="stacked">
        <thead>
          <tr>
            <th>Date</th>
            <th>Number</th>
            <th class="num">Amount</th>
            <th>State</th>
            <th>
              <span class="hide">Invoice</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {invoices.map(({ number, created, status, total_cents, url }) => {
            const [pill, word] = SAYS[status] ?? ['', status]
            return (
              <tr>
                <td data-label="Date">{created === null ? '–' : printDay(created)}</td>
                <td data-label="Number">{number ?? '–'}</td>
                <td data-label="Amount" class="num">
                  {printDollars(total_cents)}
                </td>
                <td data-label="State">
                  <span class={`pill ${pill}`}>{word}</span>
                </td>
                <td>
                  {url === null ? null : (
                    <a href={url}>{status === 'open' ? 'Pay it' : 'Open at Stripe'}</a>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
