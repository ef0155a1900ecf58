import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startStripe } from '../../local/stripe/stripe.ts'
import { connect, offer, seconds, subscribed } from './stripe-rig.ts'

test('what it knows is kept between starts, and time goes on meanwhile', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kalshibook-stripe-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const stateFile = join(dir, 'stripe.json')
  const before = await startStripe({ stateFile, atS: seconds('2026-11-10') })
  const stripe = connect(before)
  const { secretKey } = before
  const { customer } = await subscribed(stripe, before, await offer(stripe, 'pro', 14_900, '0.006'))
  await before.stop()
  const after = await startStripe({ stateFile, secretKey, atS: seconds('2026-11-20') })
  onTestFinished(() => after.stop())
  after.control('clock', { toS: seconds('2026-12-02') + 1 })
  const { data } = await connect(after).invoices.list({ customer })
  expect(data.map(({ status }) => status)).toEqual(['paid', 'paid'])
})
