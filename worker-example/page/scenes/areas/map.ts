// A schematic map: three areas, the directory above them, and people who are in one area each.

import { language, say } from '../../common/language'
import { areas, type AreaName, type Person } from './world'
import { words } from './words'

const namespace = 'http://www.w3.org/2000/svg'
const centres: Readonly<Record<AreaName, readonly [x: number, y: number]>> = {
  us: [150, 190],
  eu: [450, 160],
  cn: [750, 190],
}
// Coasts that say which is which and claim nothing.
const coasts: Readonly<Record<AreaName, string>> = {
  us: 'M42 160c14-34 62-42 104-40 46-8 96-2 112 26 10 28-14 38-22 62-10 28-34 26-52 44-22 10-30-14-54-16-40 4-62-12-78-34-12-14-16-28-10-42Z',
  eu: 'M372 118c20-28 50-34 74-30 18-22 62-14 82 8 22 14 34 40 20 64 2 34-28 44-50 52-22 24-58 26-80 8-32 2-52-22-54-46-10-18-4-40 8-56Z',
  cn: 'M640 152c22-28 58-26 86-34 40-18 92-4 116 22 26 18 22 50 4 70-4 34-42 40-66 46-24 20-52 4-66-12-34 0-62-14-72-40-10-18-14-38-2-52Z',
}

export interface Map {
  element: SVGSVGElement
  /** Puts everybody where they are; whoever moved goes there in sight. */
  show(people: readonly Person[]): void
}

export function createMap(): Map {
  const map = svg('svg', { viewBox: '0 0 900 300', role: 'img', class: 'map' })
  const directory = svg('g', { class: 'directory' })
  directory.append(
    svg('rect', { x: '372', y: '14', width: '156', height: '46', rx: '12' }),
    text('directory', 450, 34, 'name'),
    text('directory.of', 450, 50, 'small'),
  )
  for (const area of areas) {
    const [x, y] = centres[area]
    const line = svg('path', { class: 'wire', d: `M450 60C450 96 ${x} 70 ${x} ${y - 50}` })
    const land = svg('path', { class: 'land', d: coasts[area], 'data-area': area })
    map.append(line, land, text(`area.${area}`, x, y + 92, 'label'))
  }
  const everybody = svg('g', {})
  map.append(directory, everybody)
  const tokens = new globalThis.Map<string, SVGGElement>()

  return {
    element: map,
    show(people) {
      for (const node of map.querySelectorAll<SVGTextElement>('[data-say]')) {
        node.textContent = say(words, node.dataset['say']!)
      }
      for (const [place, person] of people.entries()) {
        let token = tokens.get(person.name)
        if (!token) {
          token = svg('g', { class: 'person', 'data-name': person.name })
          token.append(svg('circle', { r: '17' }), svg('text', { y: '5' }))
          tokens.set(person.name, token)
          everybody.append(token)
        }
        token.lastElementChild!.textContent = initial(person)
        token.classList.toggle('gone', person.area === undefined)
        token.classList.toggle('moving', person.state === 'moving')
        const [x, y] = person.area ? centres[person.area] : centres.eu
        // Side by side, so that two in one area do not hide each other.
        token.style.transform = `translate(${x + (place - 1) * 42}px, ${y - 4}px)`
      }
    },
  }
}

function initial({ name }: Person): string {
  const full = say(words, `person.${name}`)
  return language() === 'zh' ? full.slice(0, 1) : full.slice(0, 1).toUpperCase()
}

function text(word: string, x: number, y: number, className: string): SVGTextElement {
  const node = svg('text', { x: String(x), y: String(y), class: className })
  node.dataset['say'] = word
  return node
}

function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string>,
): SVGElementTagNameMap[K] {
  const node = document.createElementNS(namespace, name)
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, value)
  return node
}
