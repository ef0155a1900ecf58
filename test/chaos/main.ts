import { parseArgs } from 'node:util'
import { chaosPath } from './path.ts'

// npm run chaos -- path [--seconds 60] [--markets 200] [--rate 2000] [--seed N]
const text = { type: 'string' } as const
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: text, markets: text, rate: text, seed: text },
})
if (positionals[0] !== 'path') {
  console.error('npm run chaos -- path [--seconds 60] [--markets 200] [--rate 2000] [--seed N]')
  process.exit(1)
}
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const { problems, counts } = await chaosPath({
  seconds: Number(values.seconds ?? 60),
  markets: Number(values.markets ?? 200),
  rate: Number(values.rate ?? 2000),
  seed,
})
console.log(JSON.stringify({ seed, ...counts, problems: problems.length }))
for (const problem of problems) console.log(problem)
process.exit(problems.length === 0 ? 0 : 1)
