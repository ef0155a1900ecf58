/** Two files for all of billing, as each loads the whole Worker: in an order in which none meets what another left. */
import './billing-webhooks.ts'
import './billing-routes.ts'
import './billing-misuse.ts'
