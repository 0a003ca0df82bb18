// Our store.
import { lead, openStore } from '@lingpai/h5/store'

const query = new URLSearchParams(location.search)
let store
let revisions = new Map()

globalThis.subject = {
  reports: [],
  async open(options) {
    store = await openStore({
      name: query.get('name') ?? 'lab',
      onEvent: (event) => subject.reports.push(event),
      ...options,
    })
    return subject.state()
  },
  state: () => ({ tier: store.tier, atRest: store.atRest, epoch: store.epoch }),
  async put(key, value, durability) {
    const put = [{ key, value }]
    const written = await store.write({ put, durability: durability ?? 'strict' })
    return { ...written, tier: store.tier }
  },
  async get(key) {
    const [row] = await store.read([key])
    return row?.value
  },
  async read(keys) {
    const rows = await store.read(keys)
    return rows.map((row) => row ?? null)
  },
  list: (range) => store.list(range),
  write: (batch) => store.write(batch),
  /** Runs work in one tab at a time. */
  lead: (name, work, options) => lead(store, name, work, options),
  /** Takes `key` for this page if nobody has it. */
  async claim(key, owner) {
    const expect = [{ key, revision: revisions.get(key) ?? 0 }]
    const written = await store.write({
      expect,
      put: [{ key, value: owner }],
      durability: 'relaxed',
    })
    return written.committed
  },
  close: async () => store?.close(),
}
