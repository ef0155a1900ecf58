/** List prices in dollars a month, without tax or discount; docs/cost.md names their sources. */
export const PRICES = {
  cloudflare: {
    plan: 5,
    requests: { included: 10, perMillion: 0.3 },
    cpuMs: { included: 30, perMillion: 0.02 },
    objectRequests: { included: 1, perMillion: 0.15 },
    /** Messages that come over a websocket, for one request. */
    messagesPerRequest: 20,
    /** Gigabyte-seconds of objects in memory; each is billed as 128 MB. */
    objectGbS: { included: 0.4, perMillion: 12.5 },
    objectGb: 0.128,
    rowsWritten: { included: 50, perMillion: 1 },
    kvReads: { included: 10, perMillion: 0.5 },
  },
  supabase: {
    plan: 25,
    /** Of compute, in the plan. */
    credit: 10,
    compute: { Micro: 10, Small: 15, Medium: 60, Large: 110, XL: 210, '2XL': 410, '4XL': 960 },
    diskGb: { included: 8, each: 0.125 },
    egressGb: { included: 250, each: 0.09 },
  },
  railway: { plan: 20, vcpu: 20, memoryGb: 10, volumeGb: 0.15, egressGb: 0.05 },
} as const

/** What so many cost, of which the first millions are included. */
export function metered(
  count: number,
  { included, perMillion }: { readonly included: number; readonly perMillion: number },
): number {
  return Math.max(0, count / 1e6 - included) * perMillion
}
