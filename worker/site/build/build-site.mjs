// Makes site/dist: `public/`, the static files of the pages, each named after what it holds, and `site-files.js`, by which
// the Worker knows their addresses. wrangler runs it before it bundles the Worker ([build] in wrangler.toml), and the tests
// before they start one. Plain JavaScript: whatever Node runs wrangler can run it.
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { readDocs } from './docs.mjs'
import { readScalar } from './scalar.mjs'

const SITE = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(SITE, 'dist')
const PUBLIC = join(DIST, 'public')
/** Files that no page names any more are kept so long (ms), for pages that were made before. */
const KEPT_MS = 3_600_000
const HEADERS = `/site/*
  Cache-Control: public, max-age=31536000, immutable
  X-Content-Type-Options: nosniff
  Cross-Origin-Resource-Policy: same-origin
`

/** Bundles every script/*-script.ts and style/*.css, takes static/*.svg, makes the pages of docs/*.md, and writes what is not there already. */
export async function buildSite() {
  const entryPoints = [
    ...(await filesOf('script', '-script.ts')),
    ...(await filesOf('style', '.css')),
    ...(await filesOf('static', '.svg')),
  ]
  const { outputFiles, metafile } = await build({
    absWorkingDir: SITE,
    entryPoints,
    entryNames: '[name].[hash]',
    chunkNames: 'part.[hash]',
    outdir: join(PUBLIC, 'site'),
    tsconfigRaw: {},
    bundle: true,
    loader: { '.svg': 'copy' },
    splitting: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'warning',
  })
  for (const { path, contents } of outputFiles) await put(path, contents)
  const addresses = Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) =>
    entryPoint === undefined ? [] : [[nameOf(entryPoint), `/site/${basename(path)}`]],
  )
  const scalar = readScalar()
  const scalarName = `scalar.${createHash('sha256').update(scalar).digest('hex').slice(0, 8)}.js`
  await put(join(PUBLIC, 'site', scalarName), scalar)
  addresses.push(['scalar.js', `/site/${scalarName}`])
  const files = JSON.stringify(Object.fromEntries(addresses.sort()), null, 2)
  const docs = JSON.stringify(await readDocs(join(SITE, 'docs')), null, 1)
  await put(join(DIST, 'docs.js'), `export const DOCS = ${docs}\n`)
  await put(join(PUBLIC, '_headers'), HEADERS)
  await put(join(DIST, 'site-files.js'), `export const SITE_FILES = ${files}\n`)
  await forgetOthers(new Set([scalarName, ...outputFiles.map(({ path }) => basename(path))]))
}

async function filesOf(folder, end) {
  const names = await readdir(join(SITE, folder))
  return names.filter((name) => name.endsWith(end)).map((name) => `${folder}/${name}`)
}

/** `script/live-script.ts` is known as `live.js`, `style/site.css` as `site.css`. */
function nameOf(entryPoint) {
  return basename(entryPoint).replace(/-script\.ts$/, '.js')
}

/** Others may read or write the same file at this moment: it is never there in part. */
async function put(path, contents) {
  const bytes = Buffer.from(contents)
  const there = await readFile(path).catch(() => null)
  if (there?.equals(bytes)) return
  await mkdir(dirname(path), { recursive: true })
  const aside = `${path}.${process.pid}.part`
  await writeFile(aside, bytes)
  await rename(aside, path)
}

async function forgetOthers(named) {
  for (const name of await readdir(join(PUBLIC, 'site'))) {
    const path = join(PUBLIC, 'site', name)
    const made = await stat(path).catch(() => null)
    if (named.has(name) || made === null || Date.now() - made.mtimeMs < KEPT_MS) continue
    await rm(path, { force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildSite()
