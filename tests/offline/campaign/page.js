// What the runner has pages do. Each function runs in a page by itself.

/** Starts operations; each tells the lab what became of it before this page does anything else. */
export function begin(ops, schedule, moment) {
  const valueOf = (key, size) => `${key} `.repeat(Math.ceil(size / (key.length + 1))).slice(0, size)
  const perform = {
    put: ({ keys, size, durability }) =>
      subject.write({ put: keys.map((key) => ({ key, value: valueOf(key, size) })), durability }),
    delete: ({ key, durability }) => subject.write({ delete: [key], durability }),
    async append({ id, durability }) {
      for (let attempt = 0; attempt < 20; attempt++) {
        const [row] = await subject.read(['log'])
        const written = await subject.write({
          expect: [{ key: 'log', revision: row?.revision ?? 0 }],
          put: [{ key: 'log', value: row ? `${row.value},${id}` : String(id) }],
          durability,
        })
        if (written.committed) return written
      }
      return { committed: false }
    },
  }
  globalThis.pending ??= []
  if (moment && moment !== 'any' && moment !== 'ack') lab.watch(moment)
  for (const op of ops) {
    const run = async () => {
      const { value, ...outcome } = await lab.outcome(() => perform[op.kind](op), 10_000)
      const said = value?.committed === false ? { status: 'conflict' } : { ...outcome, ...value }
      lab.tell('answered', { schedule, id: op.id, ...said })
      if (moment === 'ack') lab.tell('ack', {})
    }
    pending.push(run())
  }
}

/** Waits until nothing is under way. */
export async function settle() {
  await Promise.all(globalThis.pending ?? [])
  globalThis.pending = []
}

/** Closes what was open and opens the store of a schedule; its events are told to the lab as they come, as those of that tab. */
export async function enter(name, openTimeoutMs, schedule, tab) {
  await subject.close?.().catch(() => {})
  subject.reports = {
    push(event) {
      void fetch('/tell/told', {
        method: 'POST',
        keepalive: true,
        body: JSON.stringify({ schedule, event, tab }),
      }).catch(() => {})
    },
  }
  globalThis.entered = { name, openTimeoutMs, schedule, tab }
  return subject.open({ name, openTimeoutMs })
}

/** All rows, once the store is where rows last. */
export async function readAll() {
  const end = performance.now() + 15_000
  while (subject.state && subject.state().tier !== 'indexeddb' && performance.now() < end) {
    await subject.read(['log'])
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const rows = await subject.list({ prefix: '', limit: 10_000 })
  return { tier: subject.state?.().tier, rows: rows.map(({ key, value }) => [key, value]) }
}
