import { LiveBook } from './live-book.ts'
import type { Stand } from './live-stand.ts'
import { part } from './part.ts'

const KEY = 'kalshibook-key'

const form = part<HTMLFormElement>('key-form')
const input = part<HTMLInputElement>('key')
const book = new LiveBook(part('live').dataset['ticker'] ?? '', show)

function show({ state, word, why, offer }: Stand): void {
  const pill = part('feed')
  pill.className = `pill ${state}`
  if (pill.textContent !== word) pill.textContent = word
  // What is said again is read aloud again.
  if (part('why').textContent !== why) part('why').textContent = why
  part('note').hidden = why === ''
  part('again').hidden = offer !== 'again'
  part('get-key').hidden = offer !== 'key'
}

function begin(own: string | null): void {
  part('own').hidden = own !== null
  part('forget').hidden = own === null
  void book.begin(own)
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const key = input.value.trim()
  if (key === '') return
  input.value = ''
  form.hidden = true
  sessionStorage.setItem(KEY, key)
  begin(key)
  part('forget').focus()
})
part('own').addEventListener('click', () => {
  form.hidden = false
  input.focus()
})
part('forget').addEventListener('click', () => {
  sessionStorage.removeItem(KEY)
  begin(null)
  part('own').focus()
})
part('again').addEventListener('click', () => begin(sessionStorage.getItem(KEY)))

begin(sessionStorage.getItem(KEY))
