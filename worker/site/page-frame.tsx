/** What leads to each part of the site: address and name. */
const WAYS = [
  ['/markets', 'Markets'],
  ['/playground', 'Playground'],
  ['/docs', 'Docs'],
  ['/pricing', 'Pricing'],
  ['/status', 'Status'],
] as const

/**
 * The head of each page.
 * @param props.path of the page
 * @param props.known whether the browser keeps a session, be it over
 */
export function PageHead({ path, known }: { readonly path: string; readonly known: boolean }) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <div class="wide">
          <a class="mark" href="/">
            Kalshi<b>Book</b>
          </a>
          <nav aria-label="Site">
            {WAYS.map(([href, name]) => (
              <Way href={href} name={name} path={path} />
            ))}
          </nav>
          <div class="mine">
            {known ? (
              <Way href="/dashboard" name="Dashboard" path={path} />
            ) : (
              <>
                <Way href="/login" name="Sign in" path={path} />
                <a class="button" href="/signup">
                  Get a key
                </a>
              </>
            )}
          </div>
        </div>
      </header>
    </>
  )
}

type WayProps = { readonly href: string; readonly name: string; readonly path: string }

function Way({ href, name, path }: WayProps) {
  const here = path === href || path.startsWith(`${href}/`)
  return (
    <a href={href} {...(here ? { 'aria-current': path === href ? 'page' : 'true' } : {})}>
      {name}
    </a>
  )
}

/** The foot of each page. */
export function PageFoot() {
  return (
    <footer class="foot">
      <div class="wide">
        <a href="/docs">Docs</a>
        <a href="/docs/api">REST reference</a>
        <a href="/docs/streams">Streams</a>
        <a href="/docs/changelog">Changelog</a>
        <a href="/status">Status</a>
        <a href="/licence">Licence and data notice</a>
        <a href="/llms.txt">llms.txt</a>
        <p>
          KalshiBook is not affiliated with Kalshi. Nothing here is advice. Prices are in dollars,
          times in UTC.
        </p>
      </div>
    </footer>
  )
}
