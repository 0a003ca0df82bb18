// A second terminal of the same user: takes an alias over by the code that the first one shows, and uses it.

import { LingpaiError, openVisit, type OperationHandle } from '@lingpai/h5'
import { find } from '../../common/dom'
import { onLanguage, say, translatePage } from '../../common/language'
import { linkToApp } from '../../common/scenes'
import { yuan } from '../operations/money'
import { words } from '../operations/words'

let operation: OperationHandle | undefined
let told: { tone: 'good' | 'bad' | 'note'; text: () => string } | undefined

translatePage(words)
void linkToApp(find<HTMLAnchorElement>('#back'))
onLanguage(render)

try {
  const config = (await (await fetch('/demo/config')).json()) as Record<
    'issuer' | 'gateway',
    string
  >
  // A device of its own: it shares no key and no visit with the page that began.
  const visit = await openVisit({ ...config, storage: 'memory' })
  find('#form').addEventListener('submit', (event) => {
    event.preventDefault()
    void act(async () => {
      const code = find<HTMLTextAreaElement>('#code').value.trim()
      operation = await visit.claimOperation(code)
    })
  })
  find('#submit').addEventListener('click', () => void act(send))
  find('#cancel').addEventListener('click', () => {
    operation?.cancel()
    tell('note', () => say(words, 'result.cancelled'))
  })
} catch (error) {
  failed(error)
}

async function send(): Promise<void> {
  const limits = limitsOf(operation)
  if (!operation || !limits) return
  const result = await operation.submit({ ...limits, currency: 'CNY' })
  if (result.state === 'in_doubt') return tell('note', () => say(words, 'result.in_doubt'))
  if ('refused' in result) {
    return tell('bad', () => say(words, 'result.refused', { reason: result.refused }))
  }
  const { balance } = result.result as { balance: number }
  tell('good', () =>
    say(words, 'result.done', {
      to: limits.to,
      amount: yuan(limits.amount),
      balance: yuan(balance),
    }),
  )
}

function limitsOf(from: OperationHandle | undefined): { to: string; amount: number } | undefined {
  const { to, amount } = from?.limits ?? {}
  return typeof to === 'string' && typeof amount === 'number' ? { to, amount } : undefined
}

async function act(work: () => Promise<void>): Promise<void> {
  told = undefined
  try {
    await work()
  } catch (error) {
    failed(error)
  }
  render()
}

function failed(error: unknown): void {
  const code = error instanceof LingpaiError ? error.code : String(error)
  tell('bad', () => say(words, 'result.failed', { code }))
}

function tell(tone: 'good' | 'bad' | 'note', text: () => string): void {
  told = { tone, text }
  render()
}

function render(): void {
  const limits = limitsOf(operation)
  const open = operation?.state === 'open' || operation?.state === 'in_doubt'
  find('#form').hidden = operation !== undefined
  find('#order').hidden = operation === undefined
  for (const button of document.querySelectorAll<HTMLButtonElement>('#order button')) {
    button.disabled = !open
  }
  find('#shown').textContent = operation?.alias ?? ''
  find('#limits').textContent = limits
    ? say(words, 'terminal.limits', { to: limits.to, amount: yuan(limits.amount) })
    : ''
  find('#result').hidden = !told
  find('#result').className = told?.tone ?? ''
  find('#result').textContent = told?.text() ?? ''
}
