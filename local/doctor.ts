import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { parseArgs, parseEnv } from 'node:util'
import { checkDatabase } from './doctor/database.ts'
import { checkDeployment } from './doctor/deployment.ts'
import { checkExchange } from './doctor/exchange.ts'
import { type Finding, printFinding } from './doctor/finding.ts'
import { checkPayments } from './doctor/payments.ts'
import { checkPeople } from './doctor/people.ts'
import { checkVariables, type Variables } from './doctor/variables.ts'
import { checkWranglerFile } from './doctor/wrangler-file.ts'

const USAGE = 'npm run doctor -- [--env FILE] [--config WRANGLER_TOML] [--json]'

/**
 * `npm run doctor`: looks at the configuration of a deployment and says what is missing or wrong, and what to do. It reads
 * variables of the environment, and of the file that --env names (`.env` when there is one); it changes nothing anywhere.
 * @returns the exit code: 1 when something is wrong
 */
async function main(): Promise<number> {
  const name = { type: 'string' } as const
  const { values } = parseArgs({ options: { env: name, config: name, json: { type: 'boolean' } } })
  const file = values.env ?? (existsSync('.env') ? '.env' : null)
  const text = file === null ? '' : await readFile(file, 'utf8').catch(() => null)
  if (text === null) {
    console.error(`${file} cannot be read. ${USAGE}`)
    return 1
  }
  const findings = await examine(variablesOf({ ...process.env, ...parseEnv(text) }), values.config)
  if (values.json === true) console.log(JSON.stringify(findings))
  else for (const finding of findings) console.log(printFinding(finding))
  const bad = findings.filter(({ state }) => state === 'wrong').length
  const unseen = findings.filter(({ state }) => state === 'skipped').length
  if (values.json !== true) {
    console.log(`${bad === 0 ? 'Nothing is wrong' : `${bad} wrong`}, ${unseen} not looked at.`)
  }
  return bad === 0 ? 0 : 1
}

async function examine(given: Variables, config?: string): Promise<Finding[]> {
  const looks = [checkDatabase, checkExchange, checkPeople, checkPayments, checkDeployment]
  const seen = await Promise.all(looks.map((look) => look(given)))
  return [...checkVariables(given), ...checkWranglerFile(given, config), ...seen.flat()]
}

function variablesOf(env: Readonly<Record<string, string | undefined>>): Variables {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
  )
}

process.exitCode = await main()
