// Sends money under an alias, and shows who sees what of it.

import {
  LingpaiError,
  openVisit,
  type OperationEvent,
  type OperationHandle,
  type OperationResult,
} from '@lingpai/h5'
import { element, find } from '../../common/dom'
import { language, onLanguage, say, translatePage } from '../../common/language'
import { linkToApp } from '../../common/scenes'
import { clock, fenOf, yuan } from './money'
import { qrCode } from './qr'
import { words } from './words'

interface Account {
  id: string
  name: 'current' | 'savings'
  balance: number
}

interface Order {
  account: Account
  details: { to: string; amount: number; currency: 'CNY' }
  operation: OperationHandle
  /** How long the alias lives, for the meter. */
  lifeMs: number
}

type Stage = 'opening' | 'form' | 'order' | 'done' | 'gone'

let stage: Stage = 'opening'
let accounts: readonly Account[] = []
let chosen = 0
let order: Order | undefined
let told: { tone: 'good' | 'bad' | 'note'; text: () => string } | undefined
const happened: { at: Date; text: () => string }[] = []

translatePage(words)
void linkToApp(find<HTMLAnchorElement>('#back'))
const config = (await (await fetch('/demo/config')).json()) as Record<
  'issuer' | 'gateway' | 'app',
  string
>
find<HTMLAnchorElement>('#terminal').href = `${config.app}/demo/launch?scene=terminal`
onLanguage(render)
setInterval(showTime, 1000)

try {
  const visit = await openVisit({ gateway: config.gateway, issuer: config.issuer })
  const load = async () => {
    const response = await visit.fetch(`${config.gateway}/api/accounts`)
    if (!response.ok) throw new LingpaiError('access_denied', { status: response.status })
    accounts = (await response.json()) as Account[]
  }
  await load()
  show('form')

  find('#form').addEventListener('submit', (event) => {
    event.preventDefault()
    void act(async () => {
      const amount = fenOf(find<HTMLInputElement>('#amount').value)
      const account = accounts[chosen]
      if (!account) return
      if (amount === undefined) return tell('bad', () => say(words, 'result.amount'))
      const details = { to: find<HTMLSelectElement>('#to').value, amount, currency: 'CNY' } as const
      const operation = await visit.beginOperation('transfer', details, {
        account: account.id,
        // What another terminal may send under it is exactly this.
        limits: { to: details.to, amount, currency: 'CNY' },
        transferable: true,
        onEvent: observe,
      })
      order = { account, details, operation, lifeMs: operation.expiresAt - Date.now() }
      told = undefined
      show('order')
    })
  })
  find('#submit').addEventListener('click', () => {
    void act(async () => {
      if (!order) return
      const result = await order.operation.submit()
      await load()
      conclude(order, result)
    })
  })
  find('#cancel').addEventListener('click', () => {
    order?.operation.cancel()
    show('gone')
    tell('note', () => say(words, 'result.cancelled'))
  })
  find('#copy').addEventListener('click', async (event) => {
    const button = event.currentTarget as HTMLButtonElement
    await navigator.clipboard.writeText(order?.operation.pairingCode ?? '')
    button.textContent = say(words, 'copied')
  })
} catch (error) {
  failed(error)
}

/** One thing at a time; what goes wrong is said. */
async function act(work: () => Promise<void>): Promise<void> {
  const buttons = document.querySelectorAll<HTMLButtonElement>('main button')
  for (const button of buttons) button.disabled = true
  try {
    await work()
  } catch (error) {
    failed(error)
  } finally {
    for (const button of buttons) button.disabled = false
  }
}

function failed(error: unknown): void {
  const code = error instanceof LingpaiError ? error.code : String(error)
  if (order?.operation.state === 'cancelled') show('gone')
  tell('bad', () => say(words, 'result.failed', { code }))
}

function conclude({ details }: Order, result: OperationResult): void {
  if (result.state === 'in_doubt') return tell('note', () => say(words, 'result.in_doubt'))
  show('done')
  if ('refused' in result) {
    return tell('bad', () => say(words, 'result.refused', { reason: result.refused }))
  }
  const { balance } = result.result as { balance: number }
  const { to, amount } = details
  tell('good', () =>
    say(words, 'result.done', { to, amount: yuan(amount), balance: yuan(balance) }),
  )
}

function observe(event: OperationEvent): void {
  const key = event.type === 'alias' && event.renewed ? 'event.renewed' : `event.${event.type}`
  const values = { code: event.type === 'failed' ? event.code : '' }
  happened.unshift({ at: new Date(), text: () => say(words, key, values) })
  if (event.type === 'alias' && event.renewed) show('order')
  else render()
}

function tell(tone: 'good' | 'bad' | 'note', text: () => string): void {
  told = { tone, text }
  render()
}

function show(next: Stage): void {
  stage = next
  render()
}

function render(): void {
  document.body.dataset['stage'] = stage
  find('#form').hidden = stage === 'order' || stage === 'opening'
  find('#order').hidden = stage !== 'order'
  find('#begin').textContent = say(
    words,
    stage === 'form' || stage === 'opening' ? 'begin' : 'again',
  )
  find('#accounts').replaceChildren(...accounts.map(accountChoice))
  if (stage === 'order' && order) showOrder(order)
  find('#result').hidden = !told
  find('#result').className = told?.tone ?? ''
  find('#result').textContent = told?.text() ?? ''
  find('#seen').replaceChildren(...seen())
  find('#happened').hidden = happened.length === 0
  find('#events').replaceChildren(
    ...happened.map(({ at, text }) =>
      element(
        'li',
        {},
        element('time', {}, at.toLocaleTimeString(language() === 'zh' ? 'zh-CN' : 'en-GB')),
        text(),
      ),
    ),
  )
  showTime()
}

function accountChoice({ id, name, balance }: Account, nth: number): HTMLElement {
  const input = element('input', { type: 'radio', name: 'account', value: String(nth) })
  input.checked = nth === chosen
  input.addEventListener('change', () => (chosen = nth))
  const names = element(
    'span',
    { class: 'account' },
    element('b', {}, say(words, `account.${name}`)),
    element('code', {}, id),
  )
  return element('label', {}, input, names, element('span', { class: 'balance' }, yuan(balance)))
}

function showOrder({ account, details, operation }: Order): void {
  // Each character of the account above the one that stands for it.
  const cells = [...operation.alias].map((to, index) => {
    const from = account.id[index] ?? ''
    const kept = from === to ? { class: 'kept' } : {}
    return element('span', kept, element('i', {}, from), element('b', {}, to))
  })
  find('#cells').replaceChildren(...cells)
  find('#cells').setAttribute('aria-label', operation.alias)
  const rows = [
    ['to', details.to],
    ['amount', yuan(details.amount)],
  ] as const
  find('#details').replaceChildren(
    ...rows.map(([word, value]) =>
      element('div', {}, element('dt', {}, say(words, word)), element('dd', {}, value)),
    ),
  )
  const code = operation.pairingCode
  find('#qr').replaceChildren(...(code ? [qrCode(code, say(words, 'pair'))] : []))
  find('#copy').textContent = say(words, 'copy')
}

/** What each party has before its eyes now. */
function seen(): HTMLElement[] {
  const alias = order?.operation.alias ?? ''
  const time = clock(((order?.operation.expiresAt ?? 0) - Date.now()) / 1000)
  const before = stage === 'opening' || stage === 'form'
  const now = before ? 'form' : 'order'
  const rows = [
    ['page', before ? 'page.form' : 'page.order'],
    ['wire', `wire.${now}`],
    ['store', stage === 'done' || stage === 'gone' ? 'store.gone' : `store.${now}`],
    ['bank', stage === 'done' || stage === 'gone' ? `bank.${stage}` : `bank.${now}`],
  ] as const
  return rows.map(([party, key]) =>
    element(
      'li',
      { class: party },
      element('b', {}, say(words, `seen.${party}`)),
      element('span', {}, say(words, key, { alias, time })),
    ),
  )
}

function showTime(): void {
  if (stage !== 'order' || !order) return
  const leftMs = order.operation.expiresAt - Date.now()
  find('#left').textContent = say(words, 'life.left', { time: clock(leftMs / 1000) })
  find<HTMLProgressElement>('#meter').value = Math.max(0, leftMs / order.lifeMs)
  find('#seen').replaceChildren(...seen())
  if (leftMs <= 0) {
    order.operation.cancel()
    show('gone')
    tell('note', () => say(words, 'result.cancelled'))
  }
}
