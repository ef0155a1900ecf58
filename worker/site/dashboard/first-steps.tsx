/** What leads an account that has not called yet to its first call. */
export function FirstSteps({ keys }: { readonly keys: number }) {
  return (
    <section class="note" aria-labelledby="first">
      <h2 id="first">No call yet</h2>
      <ol>
        <li>
          {keys === 0 ? (
            <a href="/dashboard/keys?first=1">Make a key</a>
          ) : (
            <>
              <a href="/dashboard/keys">You have a key</a>: it was shown once, and another is made
              in a moment
            </>
          )}
          .
        </li>
        <li>
          <a href="/playground">Try any call in the playground</a>: it writes the same call as curl,
          TypeScript and Python.
        </li>
        <li>
          <a href="/docs">Read how to begin</a>. Calls show up here as soon as they are done.
        </li>
      </ol>
    </section>
  )
}
