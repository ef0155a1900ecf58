import { parseArgs } from 'node:util'
import { chaosBilling } from './billing.ts'
import { chaosCollector } from './collector.ts'
import { chaosLive } from './live.ts'
import { chaosPath } from './path.ts'

const USAGE = `npm run chaos -- path [--seconds 60] [--markets 200] [--rate 2000] [--seed N]
npm run chaos -- collector [--seconds 10, of each fault] [--only part of a name] [--seed N]
npm run chaos -- live [--seconds 120] [--markets 100] [--rate 1000] [--clients 40] [--only part of a kind] [--seed N]
npm run chaos -- billing [--accounts 200] [--step 24, hours] [--seed N]`
const text = { type: 'string' } as const
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: text,
    markets: text,
    rate: text,
    clients: text,
    seed: text,
    only: text,
    accounts: text,
    step: text,
    damage: text,
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const [which] = positionals
if (which === 'path') process.exit(await path())
if (which === 'collector') process.exit(await collector())
if (which === 'live') process.exit(await live())
if (which === 'billing') process.exit(await billing())
console.error(USAGE)
process.exit(1)

async function path(): Promise<number> {
  const { problems, counts } = await chaosPath({
    seconds: Number(values.seconds ?? 60),
    markets: Number(values.markets ?? 200),
    rate: Number(values.rate ?? 2000),
    seed,
  })
  console.log(JSON.stringify({ seed, ...counts, problems: problems.length }))
  for (const problem of problems) console.log(problem)
  return problems.length === 0 ? 0 : 1
}

async function collector(): Promise<number> {
  const plan = { seed, seconds: Number(values.seconds ?? 10), times: {} }
  let [faults, problems] = [0, 0]
  for await (const report of chaosCollector(plan, values.only)) {
    console.log(JSON.stringify(report))
    faults += 1
    problems += report.problems.length
  }
  console.log(JSON.stringify({ seed, faults, problems }))
  return problems === 0 && faults > 0 ? 0 : 1
}

async function live(): Promise<number> {
  const { problems, counts } = await chaosLive({
    seconds: Number(values.seconds ?? 120),
    markets: Number(values.markets ?? 100),
    rate: Number(values.rate ?? 1000),
    clients: Number(values.clients ?? 40),
    only: values.only,
    seed,
  })
  console.log(JSON.stringify({ seed, ...counts, problems }))
  return problems.length === 0 ? 0 : 1
}

async function billing(): Promise<number> {
  const { problems, counts } = await chaosBilling({
    accounts: Number(values.accounts ?? 200),
    stepH: Number(values.step ?? 24),
    damage: values.damage ?? null,
    seed,
  })
  console.log(JSON.stringify({ seed, ...counts, problems: problems.length }))
  for (const problem of problems) console.log(problem)
  return problems.length === 0 ? 0 : 1
}
