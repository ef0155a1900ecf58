import { wireCopyButtons } from './copy-button.ts'
import { part } from './part.ts'

const box = part('try')
const button = part<HTMLButtonElement>('try-button')
const path = box.dataset['path'] ?? '/v1/limits'
/** The page alone holds it, and only while it is shown. */
const key = part('new-key').textContent ?? ''

wireCopyButtons()
box.hidden = false
button.addEventListener('click', () => void call())
// A browser may keep the page to go back to it: without the key then.
addEventListener('pagehide', () => {
  for (const code of document.querySelectorAll('code')) {
    code.textContent = (code.textContent ?? '').replaceAll(key, 'YOUR_KEY')
  }
})

/** Makes the first call, as the command on the page would. */
async function call(): Promise<void> {
  button.disabled = true
  const began = performance.now()
  const answer = await fetch(path, {
    headers: { authorization: `Bearer ${key}` },
    cache: 'no-store',
  }).catch(() => null)
  const text = (await answer?.text().catch(() => null)) ?? null
  button.disabled = false
  if (answer === null || text === null) {
    part('try-said').textContent = 'No answer came: look at your connection, and try again.'
    return
  }
  const ms = Math.round(performance.now() - began)
  const cost = answer.headers.get('X-Credits-Cost') ?? '0'
  part('try-said').textContent =
    `${answer.status} ${answer.ok ? 'OK' : ''} in ${ms} ms, ${cost} ${cost === '1' ? 'credit' : 'credits'}`
  part('try-answer').textContent = indented(text)
  part('try-answer').hidden = false
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
