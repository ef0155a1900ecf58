/** Has each button with `data-copies` copy the text of the element that it names, and say that it did. */
export function wireCopyButtons(root: ParentNode = document): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>('button[data-copies]')) {
    button.hidden = false
    button.addEventListener('click', () => void copy(button))
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const said = button.textContent
  const from = document.getElementById(button.dataset['copies'] ?? '')
  const done = await navigator.clipboard.writeText(from?.textContent ?? '').then(
    () => true,
    () => false,
  )
  if (!done && from !== null) getSelection()?.selectAllChildren(from)
  button.textContent = done ? 'Copied' : 'Selected'
  setTimeout(() => {
    button.textContent = said
  }, 1500)
}
