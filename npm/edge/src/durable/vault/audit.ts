// The audit trail of a shard: who revealed or erased what, and when. A value is opened in the same transaction that writes the
// entry; each entry carries the hash of the one before, so that none can be taken out or changed without showing.
import { engine } from '../../engine/full.js'
import type { Run } from '../schema.js'
import type { Actor, AuditEntry } from './rows.js'

/** Something that is done to a value and goes into the trail. */
export interface Audited {
  tenant: string
  field: string
  value: string
  by: Actor
}

/** Gives records to be opened, and notes that they were. `null` for a value that is not there or was erased. */
export function reveal(
  run: Run,
  items: readonly Audited[],
  nowSeconds: number,
  keepSeconds: number,
): (string | null)[] {
  return items.map((item) => {
    const [row] = run('SELECT record FROM values_ WHERE value = ?', item.value)
    const record = typeof row?.['record'] === 'string' ? row['record'] : null
    write(run, 'reveal', item, record !== null, nowSeconds, keepSeconds)
    return record
  })
}

/** Erases values: their fingerprints and records go, their tokens stand for something erased from now on. */
export function erase(
  run: Run,
  items: readonly Audited[],
  nowSeconds: number,
  keepSeconds: number,
): boolean[] {
  return items.map((item) => {
    const gone = run(
      `UPDATE values_ SET fingerprint = NULL, record = NULL, kid = NULL
        WHERE value = ? AND record IS NOT NULL RETURNING value`,
      item.value,
    )
    run('DELETE FROM owners WHERE value = ?', item.value)
    write(run, 'erase', item, gone.length > 0, nowSeconds, keepSeconds)
    return gone.length > 0
  })
}

function write(
  run: Run,
  what: AuditEntry['what'],
  { tenant, field, value, by }: Audited,
  found: boolean,
  at: number,
  keepSeconds: number,
): void {
  const [last] = run('SELECT seq, link FROM audit ORDER BY seq DESC LIMIT 1')
  const [kept] = last ? [] : run("SELECT text FROM facts WHERE name = 'audit'")
  const before = last
    ? { seq: Number(last['seq']), link: String(last['link']) }
    : ((kept ? JSON.parse(String(kept['text'])) : { seq: 0, link: '' }) as {
        seq: number
        link: string
      })
  const seq = before.seq + 1
  const entry = JSON.stringify({ seq, at, what, tenant, field, value, found, by })
  const link = engine.call((glue) => glue.vaultLink(before.link + entry))
  run(
    'INSERT INTO audit (seq, until, entry, link) VALUES (?, ?, ?, ?)',
    seq,
    at + keepSeconds,
    entry,
    link,
  )
}

/** Entries after `seq`, oldest first. */
export function trail(run: Run, afterSeq: number, limit: number): AuditEntry[] {
  return run(
    'SELECT entry, link FROM audit WHERE seq > ? ORDER BY seq LIMIT ?',
    afterSeq,
    limit,
  ).map(({ entry, link }) => ({ ...(JSON.parse(String(entry)) as AuditEntry), link: String(link) }))
}

/** Forgets entries whose time has come. Where the trail goes on is kept, so that its links do. */
export function forget(run: Run, nowSeconds: number): void {
  const [last] = run('SELECT seq, link FROM audit ORDER BY seq DESC LIMIT 1')
  if (last === undefined) return
  run(
    "INSERT INTO facts (name, text) VALUES ('audit', ?) ON CONFLICT DO UPDATE SET text = excluded.text",
    JSON.stringify(last),
  )
  run('DELETE FROM audit WHERE until <= ?', nowSeconds)
}
