// The language of a page: chosen from the address, else the browser; switched by a button or by the frame's parent.

export type Language = 'en' | 'zh'
export type Words = Readonly<Record<string, readonly [en: string, zh: string]>>

let current = initial()
const listeners: ((language: Language) => void)[] = []

export function language(): Language {
  return current
}

export function setLanguage(next: Language): void {
  current = next
  for (const listener of listeners) listener(next)
}

/** Calls `listener` now and at each switch. */
export function onLanguage(listener: (language: Language) => void): void {
  listeners.push(listener)
  listener(current)
}

/** The text of `key`, with each `{name}` replaced. */
export function say(
  words: Words,
  key: string,
  values: Readonly<Record<string, string>> = {},
): string {
  const text = words[key]?.[current === 'zh' ? 1 : 0] ?? key
  return text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
}

/** Keeps `[data-word]` texts, `[data-word-label]` labels and the language buttons of this document current. */
export function translatePage(words: Words): void {
  for (const button of document.querySelectorAll<HTMLElement>('[data-language]')) {
    button.addEventListener('click', () => setLanguage(button.dataset['language'] as Language))
  }
  onLanguage((now) => {
    document.documentElement.lang = now === 'zh' ? 'zh-CN' : 'en'
    for (const node of document.querySelectorAll<HTMLElement>('[data-word]')) {
      node.textContent = say(words, node.dataset['word']!)
    }
    for (const node of document.querySelectorAll<HTMLElement>('[data-word-label]')) {
      node.setAttribute('aria-label', say(words, node.dataset['wordLabel']!))
    }
    for (const button of document.querySelectorAll<HTMLElement>('[data-language]')) {
      button.setAttribute('aria-pressed', String(button.dataset['language'] === now))
    }
  })
}

function initial(): Language {
  const asked = new URLSearchParams(location.search).get('lang')
  if (asked === 'en' || asked === 'zh') return asked
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}
