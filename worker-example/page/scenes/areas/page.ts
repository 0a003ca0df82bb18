// The areas: three people, three areas, and what each host holds while they move and when they are erased.

import { LingpaiError, openVisit } from '@lingpai/h5'
import { element, find } from '../../common/dom'
import { onLanguage, say, translatePage } from '../../common/language'
import { linkToApp } from '../../common/scenes'
import { certificate } from './certificate'
import { hosts } from './hosts'
import { createMap } from './map'
import {
  areas,
  createWorld,
  Refused,
  type AreaName,
  type Call,
  type Person,
  type World,
} from './world'
import { words } from './words'

interface Configuration {
  issuer: string
  gateway: string
}

translatePage(words)
void linkToApp(find<HTMLAnchorElement>('#back'))
const config = (await (await fetch('/demo/config')).json()) as Configuration
const map = createMap()
find('#map').append(map.element)
let world: World | undefined
let said: () => [tone: string, text: string] = () => ['note', '']
let proof: string | undefined
let busy = false

try {
  const { gateway, issuer } = config
  const visit = await openVisit({ gateway, issuer, launch: 'fragment' })
  world = createWorld(visit, gateway, log)
  for (const person of world.people) if (person.id === '') await world.register(person)
  await world.count()
  document.body.dataset['stage'] = 'open'
  tell('note', 'said.ready')
} catch (error) {
  const code = codeOf(error)
  if (code === 'launch_missing') tell('bad', 'said.launch')
  else tell('bad', 'said.refused', () => ({ code }))
}
onLanguage(() => show())

function show(): void {
  const [tone, text] = said()
  find('#said').replaceChildren(text)
  find('#said').dataset['tone'] = tone
  if (!world) return
  map.show(world.people)
  find('#hosts').replaceChildren(...hosts(world.people, world.report))
  find('#people').replaceChildren(...world.people.map(card))
  find('#certificate').hidden = proof === undefined
  if (proof !== undefined) void showProof(proof)
}

async function showProof(jws: string): Promise<void> {
  find('#certificate-body').replaceChildren(await certificate(jws, config.issuer))
}

function card(person: Person): HTMLElement {
  const alive = person.area !== undefined
  const where = alive
    ? say(words, 'state.active', { area: areaName(person.area!) })
    : say(words, 'state.removed')
  const others = areas.filter((area) => area !== person.area)
  const actions = alive
    ? [
        element('span', { class: 'to' }, say(words, 'move')),
        ...others.map((area) => button(areaName(area), `move-${area}`, () => move(person, area))),
        button(say(words, 'erase'), 'erase risky', () => erase(person)),
      ]
    : [button(say(words, 'again'), 'again', () => again(person))]
  const shown = person.shown
    ? element('span', { class: 'identifier' }, person.shown)
    : alive && button(say(words, 'reveal'), 'reveal', () => act(() => world!.reveal(person)))
  return element(
    'article',
    { class: alive ? 'card' : 'card gone', 'data-name': person.name },
    element(
      'div',
      { class: 'who' },
      element('strong', {}, say(words, `person.${person.name}`)),
      element('span', {}, where),
    ),
    element('div', { class: 'ids' }, element('code', {}, person.id), shown),
    element('div', { class: 'actions' }, ...actions),
  )
}

function button(text: string, className: string, action: () => void): HTMLButtonElement {
  const node = element('button', { type: 'button', class: className }, text)
  node.disabled = busy
  node.addEventListener('click', action)
  return node
}

function move(person: Person, area: AreaName): void {
  const from = person.area!
  void act(async () => {
    person.state = 'moving'
    map.show(world!.people)
    await world!.move(person, area)
    tell('good', 'said.moved', () => ({
      name: nameOf(person),
      area: areaName(area),
      from: areaName(from),
    }))
  })
}

function erase(person: Person): void {
  void act(async () => {
    proof = await world!.erase(person)
    tell('good', 'said.erased', () => ({ name: nameOf(person) }))
  })
}

function again(person: Person): void {
  void act(async () => {
    await world!.register(person)
    tell('good', 'said.back', () => ({ name: nameOf(person) }))
  })
}

/** One thing at a time; what comes of it is shown whatever it is. */
async function act(action: () => Promise<void>): Promise<void> {
  busy = true
  show()
  try {
    await action()
    await world!.count()
  } catch (error) {
    const code = codeOf(error)
    tell('bad', 'said.refused', () => ({ code }))
  } finally {
    busy = false
    show()
  }
}

function tell(tone: string, word: string, values: () => Record<string, string> = () => ({})): void {
  said = () => [tone, say(words, word, values())]
}

function log({ method, path, status }: Call): void {
  const list = find('#log')
  const line = element(
    'li',
    { 'data-good': String(status < 400) },
    element('span', { class: 'method' }, method),
    // In full it would fill the line; nothing else is left out.
    element(
      'code',
      {},
      path.replace(/[\w-]{22}/, (id) => `${id.slice(0, 7)}…`),
    ),
    element('span', { class: 'status' }, String(status)),
  )
  list.prepend(line)
  while (list.childElementCount > 12) list.lastElementChild!.remove()
}

function areaName(area: AreaName): string {
  return say(words, `area.${area}`)
}

function nameOf({ name }: Person): string {
  return say(words, `person.${name}`)
}

function codeOf(error: unknown): string {
  if (error instanceof LingpaiError) return error.code
  return error instanceof Refused ? error.message : 'internal'
}
