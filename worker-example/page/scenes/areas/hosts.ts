// What the hosts of each area hold, side by side: counts as the edge reports them, and the rows of the people that we know.

import { element } from '../../common/dom'
import { say } from '../../common/language'
import { areas, type AreaName, type AreaReport, type Person } from './world'
import { words } from './words'

/** Data that stay in one area, whoever they are about. */
const pinned: Readonly<Record<string, AreaName>> = { payments: 'eu' }

export function hosts(people: readonly Person[], report: readonly AreaReport[]): HTMLElement[] {
  const known = people.filter(({ area }) => area !== undefined)
  return areas.map((area) => {
    const counts = report.find((one) => one.area === area)
    const here = known.filter((person) => person.area === area)
    const identities = here.map((person) =>
      row(person, element('span', { class: 'sealed' }, 'phone ', mark('sealed'))),
    )
    const data = known.flatMap((person) => {
      const types = ['profile', 'orders', 'payments'].filter(
        (type) => (pinned[type] ?? person.area) === area,
      )
      return types.map((type) =>
        row(
          person,
          element(
            'span',
            { class: 'sealed' },
            `${type} `,
            pinned[type] ? mark('pinned') : mark('sealed'),
          ),
        ),
      )
    })
    return element(
      'div',
      { class: 'area', 'data-area': area },
      element('h3', {}, say(words, `area.${area}`)),
      host('identity', identities, sum(counts?.identities)),
      host('data', data, sum(counts?.data)),
    )
  })
}

function host(kind: 'identity' | 'data', rows: HTMLElement[], count: number): HTMLElement {
  const empty = element('li', { class: 'empty' }, say(words, 'host.empty'))
  return element(
    'div',
    { class: `host ${kind}` },
    element(
      'div',
      { class: 'host-name' },
      element('strong', {}, say(words, `host.${kind}`)),
      element('span', {}, say(words, 'host.count', { n: String(count) })),
    ),
    element('ul', {}, ...(rows.length > 0 ? rows : [empty])),
  )
}

function row({ id, name }: Person, content: HTMLElement): HTMLElement {
  return element('li', { 'data-name': name }, element('code', {}, `${id.slice(0, 7)}…`), content)
}

function mark(word: 'sealed' | 'pinned'): HTMLElement {
  return element('em', { class: word }, say(words, word))
}

function sum(counts: readonly { count: number }[] = []): number {
  return counts.reduce((total, { count }) => total + count, 0)
}
