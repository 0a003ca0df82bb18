// The tabs of this page: who is there, who leads, and the pulse that the leader writes. Messages between tabs are for show;
// who leads is decided by the store.

import { lead, type Store } from '@lingpai/h5/store'

const pulseKey = 'pulse'
const beatMs = 700
const goneMs = 2_500

interface Tab {
  name: string
  leads: boolean
  /** Its store is shared with nobody. */
  alone: boolean
  seenAt: number
}

type Message =
  | { say: 'here'; tab: Omit<Tab, 'seenAt'> }
  | { say: 'gone'; name: string }
  | { say: 'refresh' | 'written' }

export interface Tabs {
  readonly name: string
  readonly pulse: number
  all(): Tab[]
  /** Asks every tab, this one as well, to refresh now. */
  refresh(): void
  /** Tells the others that there is something new to read. */
  written(): void
}

/** Joins the tabs. `changed`: something is to be shown anew; `read`: rows are to be read anew. */
export function joinTabs(
  store: Store,
  { changed, read, refresh }: { changed: () => void; read: () => void; refresh: () => void },
): Tabs {
  const channel = new BroadcastChannel('demo offline')
  const others = new Map<string, Tab>()
  const self: Tab = { name: nameOfTab(), leads: false, alone: false, seenAt: 0 }
  let pulse = 0
  const say = (message: Message) => channel.postMessage(message)
  const here = () =>
    say({ say: 'here', tab: { name: self.name, leads: self.leads, alone: self.alone } })

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.say === 'here') others.set(data.tab.name, { ...data.tab, seenAt: Date.now() })
    if (data.say === 'gone') others.delete(data.name)
    if (data.say === 'refresh') refresh()
    if (data.say === 'written') read()
    changed()
  }
  addEventListener('pagehide', () => say({ say: 'gone', name: self.name }))

  const mark = (leads: boolean) => {
    self.alone = store.tier !== 'indexeddb'
    if (self.leads !== leads) self.leads = leads
    here()
    changed()
  }
  const beat = async () => {
    const [row] = await store.read([pulseKey])
    pulse = Number(row?.value ?? 0)
    for (const [name, { seenAt }] of others) if (Date.now() - seenAt > goneMs) others.delete(name)
  }
  const run = async () => {
    for (;;) {
      await lead(store, 'pulse', async ({ fence, signal }) => {
        mark(true)
        while (!signal.aborted && (store.tier === 'indexeddb') === fence.length > 0) {
          await beat()
          const put = [{ key: pulseKey, value: String(pulse + 1) }]
          // Refused once another tab has taken over.
          const { committed } = await store.write({ expect: fence, put, durability: 'relaxed' })
          if (!committed) break
          pulse += 1
          mark(true)
          await pause(beatMs)
        }
      }).catch(() => {})
      mark(false)
      await beat().catch(() => {})
      await pause(beatMs)
    }
  }
  void run()

  return {
    name: self.name,
    get pulse() {
      return pulse
    },
    all: () => [self, ...others.values()].sort((one, other) => one.name.localeCompare(other.name)),
    refresh() {
      say({ say: 'refresh' })
      refresh()
    },
    written: () => say({ say: 'written' }),
  }
}

function nameOfTab(): string {
  const [random = 0] = crypto.getRandomValues(new Uint16Array(1))
  return random.toString(16).padStart(4, '0')
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
