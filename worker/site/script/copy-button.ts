/** Has each button with `data-copies` copy the text of the element that it names, and say that it did. */
export function wireCopyButtons(root: ParentNode = document): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>('button[data-copies]')) {
    button.hidden = false
    wireCopyButton(button, document.getElementById(button.dataset['copies'] ?? ''))
  }
}

/** Has a button copy the text of `from`, and say that it did; where that is forbidden, the text is selected. */
export function wireCopyButton(button: HTMLElement, from: Element | null): void {
  copyOnPress(
    button,
    () => from?.textContent ?? '',
    () => {
      if (from !== null) getSelection()?.selectAllChildren(from)
      return 'Selected'
    },
  )
}

/** Has a button copy a text, and say that it did; or what `instead` says, where it may not copy. */
export function copyOnPress(
  button: HTMLElement,
  textOf: () => string,
  instead: () => string,
): void {
  const said = button.textContent
  button.addEventListener('click', async () => {
    const done = await navigator.clipboard.writeText(textOf()).then(
      () => true,
      () => false,
    )
    button.textContent = done ? 'Copied' : instead()
    setTimeout(() => {
      button.textContent = said
    }, 1500)
  })
}
