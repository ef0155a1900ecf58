import type { Operation } from '../playground/operation.ts'

/** The form of a call; its script fills in what the chosen endpoint takes. */
export function CallCard({ operations }: { readonly operations: readonly Operation[] }) {
  const tags = [...new Set(operations.map(({ tag }) => tag))]
  return (
    <section class="card call" aria-labelledby="call-head">
      <h2 id="call-head">Call</h2>
      <form id="call" novalidate>
        <div class="field">
          <label for="operation">Endpoint</label>
          <select id="operation">
            {tags.map((tag) => (
              <optgroup label={tag}>
                {operations
                  .filter((each) => each.tag === tag)
                  .map((each) => (
                    <option value={each.id}>{nameOf(each)}</option>
                  ))}
              </optgroup>
            ))}
          </select>
        </div>
        <p>
          <span id="summary" />{' '}
          <a id="reference" href="/docs/api">
            Reference
          </a>
        </p>
        <p id="only-accounts" class="note warn" hidden>
          A visitor key may not call this. <a href="/signup">Make a free key</a> or{' '}
          <a href="/login?next=/playground">sign in</a>.
        </p>
        <div id="fields" />
        <div class="send">
          <p id="cost" class="quiet" role="status" />
          <p class="line">
            <button type="submit" id="send">
              Send
            </button>
            <button type="button" id="stop" class="second" hidden>
              Stop
            </button>
            <button type="button" id="link" class="plain">
              Copy a link to this call
            </button>
          </p>
        </div>
      </form>
    </section>
  )
}

function nameOf({ path, method, stream }: Operation): string {
  if (stream) return `Live stream ${path}`
  return method === 'GET' ? path : `${method} ${path}`
}

/** What was answered, as a picture and as it came. */
export function AnswerCard() {
  return (
    <section class="card answer" aria-labelledby="answer-head" aria-busy="false">
      <div class="head">
        <h2 id="answer-head">Answer</h2>
        <span id="state" class="pill" role="status">
          nothing sent yet
        </span>
      </div>
      <dl id="told" class="told" hidden />
      <p id="refusal" class="note bad" role="alert" hidden />
      <div id="answer-tabs" hidden />
      <div id="picture" role="tabpanel" aria-label="Picture" hidden />
      <div id="json" role="tabpanel" aria-label="JSON" tabindex={0} hidden>
        <p id="cut" class="quiet" />
        <pre id="text" />
      </div>
      <p id="after" class="line" hidden>
        <button type="button" id="download" class="second">
          Download
        </button>
        <button type="button" id="next" class="second" hidden>
          Next page
        </button>
      </p>
    </section>
  )
}

/** The same call as code. */
export function SampleCard() {
  return (
    <section class="card sample" aria-labelledby="sample-head">
      <div class="head">
        <h2 id="sample-head">As code</h2>
        <span class="quiet">
          with your key in <code>KALSHIBOOK_KEY</code>
        </span>
      </div>
      <div id="sample-tabs" />
      <div class="copy" id="sample-box" role="tabpanel" aria-label="Code">
        <pre id="sample" />
        <button type="button" class="second" data-copies="sample">
          Copy
        </button>
      </div>
    </section>
  )
}
