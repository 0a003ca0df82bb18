// Where rows lie: in pages of a size that every platform takes, each the text under one key. A page that changes is written
// anew to a free place; the head, one text, says which places count. So a transaction is the moment at which a head is written:
// whatever happens before it leaves the old state, whole, and whatever happens after it the new one.
import type { Engine } from '../engine/engine'
import { operations } from './operations'
import type { ListedRow } from './rows'

/** A page in memory: its rows by key, and how long its text is about. */
export interface Page {
  /** Where it lies; none as long as it is not written. */
  place: number | undefined
  checksum: string
  rows: Map<string, ListedRow>
  size: number
}

/** What a head says. */
export interface Head {
  generation: number
  /** The highest revision that was given. */
  revision: number
  /** Place and checksum of each page. */
  pages: [place: number, checksum: string][]
}

/** A fifth of what the smallest platform takes under one key. A row that is longer has a page of its own. */
export const pageSize = 40_000
/** Of the 10 MB that a mini-program has everywhere, half, no more. */
export const mostPages = 125

const prefix = 'lp1.'

/** About how long a row is in a page's text. */
export const sizeOf = ({ key, value }: { key: string; value: string }): number =>
  key.length + value.length + (value.length >> 3) + 24

/** A page without rows. */
export function emptyPage(): Page {
  return { place: undefined, checksum: '', rows: new Map(), size: 0 }
}

/** The text of a page, with its checksum. */
export function writePage(engine: Engine, { rows }: Page): { text: string; checksum: string } {
  const all: [string, string, number][] = []
  rows.forEach(({ key, value, revision }) => all.push([key, value, revision]))
  const text = JSON.stringify(all)
  return { text, checksum: checksumOf(engine, text) }
}

/** The page in a text; nothing where it is not what the head named. */
export function readPage(
  engine: Engine,
  text: string | undefined,
  [place, checksum]: Head['pages'][number],
): Page | undefined {
  if (text === undefined || checksumOf(engine, text) !== checksum) return undefined
  const page: Page = { place, checksum, rows: new Map(), size: 0 }
  for (const [key, value, revision] of JSON.parse(text) as [string, string, number][]) {
    const row = { key, value, revision }
    page.rows.set(key, row)
    page.size += sizeOf(row)
  }
  return page
}

/** The text of a head. */
export function writeHead(engine: Engine, head: Head): string {
  const json = JSON.stringify(head)
  return `${prefix}${checksumOf(engine, json)}.${json}`
}

/** The head in a text, if it is one and whole. */
export function readHead(engine: Engine, text: string | undefined): Head | undefined {
  if (text === undefined || text.indexOf(prefix) !== 0) return undefined
  const dot = text.indexOf('.', prefix.length)
  const json = text.slice(dot + 1)
  if (text.slice(prefix.length, dot) !== checksumOf(engine, json)) return undefined
  return JSON.parse(json) as Head
}

function checksumOf(engine: Engine, text: string): string {
  return engine.text(operations.encode, engine.call(operations.sha256, text).slice(0, 16))
}
