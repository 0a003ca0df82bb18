// The orders taken at the counter: a token each, where it came from, and what the vault says that it means.

import type { TokenSource, Visit } from '@lingpai/h5'
import { element } from '../../common/dom'
import { say } from '../../common/language'
import { words } from './words'

interface Order {
  number: string
  token: string
  source: TokenSource | undefined
  /** What the vault says: the value and its canonical token. */
  meaning?: { value: string | null; canonical: string | null }
}

const shown = 14

export interface Orders {
  add(number: string, token: string, source: TokenSource | undefined): void
  show(list: HTMLElement): void
}

/** Keeps orders; `failed` is told what the vault refused. */
export function createOrders(
  visit: Visit,
  gateway: string,
  changed: () => void,
  failed: (error: unknown) => void,
): Orders {
  const orders: Order[] = []

  async function ask(path: string, token: string): Promise<Record<string, string | null>> {
    const response = await visit.fetch(gateway + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ items: [{ field: 'phone', token }] }),
      signal: AbortSignal.timeout(5_000),
    })
    const content = (await response.json()) as {
      error?: string
      results?: Record<string, string | null>[]
    }
    if (!content.results?.[0]) throw new Error(content.error ?? 'malformed')
    return content.results[0]
  }

  async function resolve(order: Order): Promise<void> {
    try {
      const [revealed, joined] = await Promise.all([
        ask('/v1/tokens/reveal', order.token),
        ask('/v1/tokens/canonical', order.token),
      ])
      order.meaning = {
        value: revealed['value'] ?? null,
        canonical: joined['canonical'] ?? null,
      }
      changed()
    } catch (error) {
      failed(error)
    }
  }

  function line(order: Order): HTMLElement {
    const { number, token, source, meaning } = order
    const button = element('button', { type: 'button', class: 'resolve' }, say(words, 'resolve'))
    button.addEventListener('click', () => void resolve(order))
    return element(
      'li',
      { 'data-source': source ?? 'vault' },
      element('span', { class: 'number' }, masked(number)),
      element('code', { title: token }, short(token)),
      element('span', { class: 'source' }, say(words, `order.${source ?? 'vault'}`)),
      meaning
        ? element(
            'span',
            { class: 'meaning' },
            `${say(words, 'order.means')} ${meaning.value ?? '—'}`,
            element('code', {}, meaning.canonical ?? '—'),
          )
        : button,
    )
  }

  return {
    add(number, token, source) {
      orders.unshift({ number, token, source })
    },
    show: (list) => list.replaceChildren(...orders.slice(0, shown).map(line)),
  }
}

const masked = (number: string) => `${number.slice(0, 3)}····${number.slice(-4)}`
const short = (token: string) => (token.length > 20 ? `${token.slice(0, 17)}…` : token)
