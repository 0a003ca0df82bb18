// The vault's scene: orders are taken while the vault fails in every way there is, and made good when it is back.

import {
  createTokenizer,
  LingpaiError,
  openVisit,
  type Tokenizer,
  type TokenizerEvent,
  type TokenSource,
} from '@lingpai/h5'
import { element, find } from '../../common/dom'
import { onLanguage, say, translatePage } from '../../common/language'
import { linkToApp } from '../../common/scenes'
import { faults, faultSwitch, type Fault } from './faults'
import { createOrders, type Orders } from './orders'
import { words } from './words'

translatePage(words)
void linkToApp(find<HTMLAnchorElement>('#back'))
const config = (await (await fetch('/demo/config')).json()) as { issuer: string; gateway: string }
const vault = await faultSwitch()
let tokenizer: Tokenizer | undefined
let orders: Orders | undefined
let said: () => string = () => ''
let busy = false
/** Where the tokens of the last call came from. */
let counts: Partial<Record<TokenSource, number>> = {}
const happened: { at: Date; text: () => string; bad: boolean }[] = []

find('#faults').append(...faults.map(choice))
onLanguage(() => show())
try {
  const visit = await openVisit({
    gateway: config.gateway,
    issuer: config.issuer,
    launch: 'fragment',
    storage: 'persistent',
    fetch: vault.fetch,
  })
  tokenizer = await createTokenizer({ visit, onEvent })
  orders = createOrders(visit, config.gateway, show, refused)
  document.body.dataset['stage'] = 'open'
} catch (error) {
  if (error instanceof LingpaiError && error.code === 'launch_missing') {
    said = () => say(words, 'said.launch')
  } else refused(error)
}
suggest()
show()
// What other tabs do is seen here only when it is asked for.
setInterval(show, 1_000)

find<HTMLFormElement>('#order').addEventListener('submit', (event) => {
  event.preventDefault()
  const input = find<HTMLInputElement>('#phone')
  void act(async () => {
    await take([input.value])
    suggest()
  })
})
find('#many').addEventListener('click', () => {
  void act(() => take(Array.from({ length: 50 }, randomNumber)))
})
find('#flush').addEventListener('click', () => {
  void act(async () => {
    const { pending } = await tokenizer!.flush()
    said = () => say(words, 'said.flushed', { n: String(pending) })
  })
})
find('#letters').addEventListener('click', () => {
  void act(async () => {
    const letters = await tokenizer!.deadLetters({ limit: 1000 })
    const why = [...new Set(letters.map(({ error }) => error))].join(', ')
    said = () =>
      letters.length === 0
        ? say(words, 'said.noLetters')
        : say(words, 'said.letters', { n: String(letters.length), why })
  })
})

async function take(numbers: string[]): Promise<void> {
  const tokens = await tokenizer!.tokenizeMany(numbers, { field: 'phone' })
  // A provisional token shows it; the others of one call come from one place, or nearly so.
  const other = (Object.keys(counts) as TokenSource[]).find((source) => source !== 'provisional')
  tokens.forEach((token, at) => {
    orders?.add(numbers[at] ?? '', token, token.startsWith('lpp1_') ? 'provisional' : other)
  })
}

/** One thing at a time; what comes of it is shown whatever it is. */
async function act(action: () => Promise<void>): Promise<void> {
  if (busy || !tokenizer) return
  busy = true
  said = () => ''
  show()
  try {
    await action()
  } catch (error) {
    refused(error)
  } finally {
    busy = false
    show()
  }
}

function refused(error: unknown): void {
  const code =
    error instanceof LingpaiError ? error.code : error instanceof Error ? error.message : 'internal'
  said = () => say(words, 'said.refused', { code })
  show()
}

function show(): void {
  const status = tokenizer?.status
  const mode = status?.mode ?? 'opening'
  document.body.dataset['mode'] = mode
  find('#mode').textContent = say(words, `mode.${mode}`, { n: String(status?.pending ?? 0) })
  find('#numbers').replaceChildren(
    ...(['pending', 'done', 'dead', 'lost'] as const).map((name) =>
      element(
        'div',
        { 'data-number': name },
        element('dt', {}, say(words, `number.${name}`)),
        element('dd', {}, String(status?.[name] ?? 0)),
      ),
    ),
  )
  find('#said').textContent = said()
  for (const input of document.querySelectorAll<HTMLInputElement>('#faults input')) {
    input.checked = input.value === vault.current
    input.nextElementSibling!.textContent = say(words, `fault.${input.value}`)
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('main button')) {
    button.disabled = busy || !tokenizer
  }
  orders?.show(find('#list'))
  find('#log').replaceChildren(
    ...happened.map(({ at, text, bad }) =>
      element(
        'li',
        { 'data-bad': String(bad) },
        element('time', {}, at.toLocaleTimeString('en-GB')),
        element('span', {}, text()),
      ),
    ),
  )
}

function choice(fault: Fault): HTMLElement {
  const input = element('input', { type: 'radio', name: 'fault', value: fault })
  input.addEventListener('change', () => void vault.turn(fault).then(show))
  return element(
    'label',
    { class: `fault ${fault === 'none' ? 'well' : ''}` },
    input,
    element('span'),
  )
}

function onEvent(event: TokenizerEvent): void {
  if (event.type === 'tokenized') ({ counts } = event)
  const bad = ['failed', 'operations_lost', 'storage_lost'].includes(event.type)
  happened.unshift({ at: new Date(event.atMs), text: () => textOf(event), bad })
  happened.length = Math.min(happened.length, 40)
  show()
}

function textOf(event: TokenizerEvent): string {
  const text = (values: Record<string, string | number>) =>
    say(
      words,
      `event.${event.type}`,
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
    )
  switch (event.type) {
    case 'tokenized': {
      const entries = Object.entries(event.counts).filter(([, count]) => count > 0)
      const from = entries.map(([source]) => say(words, `order.${source}`)).join(', ')
      const n = entries.reduce((sum, [, count]) => sum + count, 0)
      return text({ n, ms: Math.round(event.elapsedMs), from })
    }
    case 'circuit':
      return text({
        from: say(words, `circuit.${event.from}`),
        to: say(words, `circuit.${event.to}`),
      })
    case 'failed':
      return text({ what: event.what, code: event.code })
    case 'reconciled':
      return text({ done: event.done, dead: event.dead, pending: event.pending })
    case 'operations_lost':
      return text({ n: event.count })
    default:
      return text({})
  }
}

function suggest(): void {
  find<HTMLInputElement>('#phone').value = randomNumber()
}

function randomNumber(): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
  return `13${String(random % 1_000_000_000).padStart(9, '0')}`
}
