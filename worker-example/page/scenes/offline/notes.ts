// The storage panel: notes in a store, where they go, and what each of them survives.

import type { Durability, Store, StoreTier } from '@lingpai/h5/store'
import { element, find } from '../../common/dom'
import { say } from '../../common/language'
import { words } from './words'

const tiers: readonly StoreTier[] = ['indexeddb', 'localstorage', 'memory']

export interface Notes {
  add(text: string): Promise<void>
  /** Reads them anew. */
  read(): Promise<void>
  show(): void
}

/** `written`: this tab changed something. */
export function createNotes(store: Store, written: () => void): Notes {
  let rows: { key: string; value: string; revision: number }[] = []
  // What this tab was told when it wrote; of rows from elsewhere it knows where they are, not what was said of them.
  const told = new Map<number, Durability>()

  const read = async () => {
    rows = await store.list({ prefix: 'note ', limit: 100 })
    show()
  }
  const forget = async (key: string) => {
    await store.write({ delete: [key], durability: 'strict' })
    await read()
    written()
  }

  const show = () => {
    find('#tiers').replaceChildren(...tiers.map((tier) => tierStep(tier, store.tier)))
    find('#store-facts').replaceChildren(
      fact('atRest', say(words, `atRest.${store.atRest}`)),
      fact('epoch', String(store.epoch)),
    )
    find('#rows').replaceChildren(
      ...(rows.length === 0
        ? [
            element(
              'tr',
              {},
              element('td', { colspan: '4', class: 'none' }, say(words, 'rows.none')),
            ),
          ]
        : rows.map(line)),
    )
  }

  const line = ({ key, value, revision }: (typeof rows)[number]) => {
    const durability = told.get(revision) ?? 'unknown'
    const gone = element('button', { type: 'button', title: say(words, 'row.gone') }, '×')
    gone.addEventListener('click', () => void forget(key).catch(() => {}))
    return element(
      'tr',
      { 'data-durability': durability },
      element('td', {}, element('code', {}, key)),
      element('td', { class: 'value' }, value),
      element(
        'td',
        {},
        element('span', { class: 'mark' }, durability === 'unknown' ? '–' : durability),
        element('small', {}, say(words, `durability.${durability}`)),
      ),
      element('td', {}, gone),
    )
  }

  return {
    read,
    show,
    async add(text) {
      const key = `note ${Date.now().toString(36)}`
      const result = await store.write({ put: [{ key, value: text }], durability: 'strict' })
      const [row] = await store.read([key])
      if (result.committed && row) told.set(row.revision, result.durability)
      await read()
      written()
    },
  }
}

function tierStep(tier: StoreTier, now: StoreTier): HTMLElement {
  return element(
    'li',
    { 'data-tier': tier, ...(tier === now && { 'aria-current': 'true' }) },
    say(words, `tier.${tier}`),
  )
}

/** One line of a list of facts. */
export function fact(name: string, value: string): HTMLElement {
  return element(
    'div',
    { 'data-fact': name },
    element('dt', {}, say(words, `fact.${name}`)),
    element('dd', {}, value),
  )
}
