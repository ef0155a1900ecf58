// Makes site/dist/live-script.js, a module whose text is the script of the page /live/{ticker}, from
// script/ and client/. wrangler runs it before it bundles the Worker ([build] in wrangler.toml), and the tests
// of the Worker before they start. Plain JavaScript: whatever Node runs wrangler can run it.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const SITE = fileURLToPath(new URL('.', import.meta.url))
const FILE = join(SITE, 'dist', 'live-script.js')

/** Bundles the script and writes it, unless it is there already. */
export async function bundleScript() {
  const { outputFiles } = await build({
    absWorkingDir: SITE,
    entryPoints: ['script/live-script.ts'],
    tsconfigRaw: {},
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'warning',
  })
  const text = `export const LIVE_SCRIPT = ${JSON.stringify(outputFiles[0].text)}\n`
  if ((await readFile(FILE, 'utf8').catch(() => null)) === text) return
  await mkdir(join(SITE, 'dist'), { recursive: true })
  // Others may read or write it at this moment: it is never there in part.
  const aside = `${FILE}.${process.pid}`
  await writeFile(aside, text)
  await rename(aside, FILE)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bundleScript()
