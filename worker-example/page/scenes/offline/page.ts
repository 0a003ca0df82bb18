// The offline scene: a visit and some notes that go on while network and database are taken away, in as many tabs as one likes.

import { LingpaiError, openVisit, type Visit, type VisitEvent } from '@lingpai/h5'
import { openStore } from '@lingpai/h5/store'
import { element, find } from '../../common/dom'
import { short } from '../../common/jose-peek'
import { onLanguage, say, translatePage } from '../../common/language'
import { linkToApp } from '../../common/scenes'
import { evict, holdDatabase, network } from './faults'
import { note, showLog } from './log'
import { createNotes, fact } from './notes'
import { joinTabs } from './tabs'
import { words } from './words'

translatePage(words)
void linkToApp(find<HTMLAnchorElement>('#back'))
const config = (await (await fetch('/demo/config')).json()) as { issuer: string; gateway: string }
let visit: Visit | undefined
let status: 'opening' | 'open' | 'ended' | 'failed' = 'opening'
let failure = ''
/** Whether the last refresh came to nothing. */
let servedFromCache = false
let said: () => string = () => ''
const refreshed = { here: 0, elsewhere: 0 }
let letGo: (() => void) | undefined
/** Whether there is something to show. */
let ready = false

const store = await openStore({
  name: 'notes',
  onEvent(event) {
    note(event)
    if (!ready) return
    if (event.type === 'tier_changed' || event.type === 'storage_lost') void notes.read()
    show()
  },
})
const tabs = joinTabs(store, {
  changed: showTabs,
  read: () => void notes.read(),
  refresh: () => void renew(),
})
const notes = createNotes(store, tabs.written)
await notes.read()
ready = true
onLanguage(show)
network.onTurn(show)
setInterval(showVisit, 1_000)

try {
  visit = await openVisit({
    gateway: config.gateway,
    issuer: config.issuer,
    launch: 'fragment',
    storage: 'persistent',
    fetch: network.fetch,
    onEvent: observe,
  })
  status = 'open'
} catch (error) {
  status = 'failed'
  failure = codeOf(error)
  if (failure === 'launch_missing') said = () => say(words, 'said.launch')
}
document.body.dataset['stage'] = status
show()

find<HTMLInputElement>('#network').addEventListener('change', ({ target }) => {
  network.turn((target as HTMLInputElement).checked)
  show()
})
find<HTMLInputElement>('#database').addEventListener('change', async ({ target }) => {
  const input = target as HTMLInputElement
  input.disabled = true
  if (input.checked) {
    letGo?.()
    letGo = undefined
  } else letGo = await holdDatabase()
  input.disabled = false
  show()
})
find('#evict').addEventListener('click', async () => {
  await evict('notes')
  await notes.read()
  tabs.written()
})
find<HTMLFormElement>('#note').addEventListener('submit', async (event) => {
  event.preventDefault()
  const input = find<HTMLInputElement>('#text')
  const text = input.value
  input.value = ''
  await notes.add(text)
})
find('#refresh').addEventListener('click', () => tabs.refresh())
find('#call').addEventListener('click', async () => {
  try {
    const response = await visit!.fetch(`${config.gateway}/api/me`)
    const { sub } = (await response.json()) as { sub?: string }
    said = () => say(words, 'said.called', { member: short(sub) })
  } catch (error) {
    const code = codeOf(error)
    said = () => say(words, 'said.refused', { code })
  }
  show()
})

async function renew(): Promise<void> {
  said = () => say(words, 'said.trying')
  show()
  // Valid for longer than any token lives: only a new one will do.
  try {
    await visit?.token({ minValiditySeconds: 3600 })
    said = () => ''
  } catch (error) {
    const code = codeOf(error)
    said = () => say(words, 'said.refused', { code })
  }
  show()
}

function observe(event: VisitEvent): void {
  note(event)
  if (event.type === 'granted' && event.kind === 'refresh') refreshed.here += 1
  if (event.type === 'adopted') refreshed.elsewhere += 1
  if (event.type === 'granted' || event.type === 'adopted') servedFromCache = false
  if (event.type === 'served_from_cache') servedFromCache = true
  if (event.type === 'ended') status = 'ended'
  show()
}

function codeOf(error: unknown): string {
  if (error instanceof LingpaiError) return error.code
  return error instanceof TypeError ? 'network_unavailable' : 'internal'
}

function show(): void {
  document.body.dataset['network'] = network.isAway ? 'away' : 'on'
  document.body.dataset['database'] = letGo ? 'held' : 'answers'
  find<HTMLInputElement>('#network').checked = !network.isAway
  find<HTMLInputElement>('#database').checked = !letGo
  find<HTMLButtonElement>('#evict').disabled = letGo !== undefined || store.tier !== 'indexeddb'
  find('#said').textContent = said()
  notes.show()
  showVisit()
  showTabs()
  showLog()
}

function showVisit(): void {
  const shown = status === 'open' && (servedFromCache || network.isAway) ? 'away' : status
  find('#status').textContent = say(words, `status.${shown}`, { code: failure })
  find('.lamp').dataset['lamp'] = shown
  for (const button of document.querySelectorAll<HTMLButtonElement>('.visit button')) {
    button.disabled = status !== 'open'
  }
  const facts = visit
    ? [
        fact('source', say(words, `source.${visit.source}`)),
        fact('durability', say(words, `durability.${visit.durability}`)),
        fact('left', timeLeft(visit.expiresAt)),
        fact('asked', `${refreshed.here} / ${refreshed.elsewhere}`),
      ]
    : []
  find('#visit-facts').replaceChildren(...facts)
}

function timeLeft(until: number): string {
  const seconds = Math.max(0, Math.round((until - Date.now()) / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function showTabs(): void {
  find('#tabs').replaceChildren(
    ...tabs
      .all()
      .map(({ name, leads, alone }) =>
        element(
          'li',
          { 'data-tab': name, 'data-leads': String(leads && !alone) },
          element('code', {}, name),
          name === tabs.name && element('small', {}, say(words, 'tab.this')),
          leads &&
            element(
              'span',
              { class: 'mark' },
              alone
                ? say(words, 'tab.alone')
                : `${say(words, 'tab.leads')} · ${say(words, 'pulse', { n: String(tabs.pulse) })}`,
            ),
        ),
      ),
  )
}
