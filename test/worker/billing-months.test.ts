/** Beside billing.test.ts, for the reason that it gives. */
import './billing-plan.ts'
import './billing-usage.ts'
