// Builds DOM nodes from data; text only ever becomes text, never markup.

type Child = Node | string | undefined | false

/** `element('p', { class: 'why' }, 'text')` */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, value)
  node.append(...children.filter((child): child is Node | string => !!child))
  return node
}

/** The element that the page's own markup promises. */
export function find<E extends HTMLElement = HTMLElement>(selector: string): E {
  const found = document.querySelector<E>(selector)
  if (!found) throw new Error(`The page has no ${selector}`)
  return found
}
