// What has an end in a vault goes when it has come. Each function gives the next end, if there is one.
import type { Run } from '../schema.js'
import { forget } from './audit.js'
import { endingTables } from './tables.js'

/** Deletes what has ended of a holder. */
export function sweepHolder(run: Run, now: number): number | undefined {
  for (const table of endingTables) run(`DELETE FROM ${table} WHERE until <= ?`, now)
  const ends = endingTables.map((table) => `SELECT min(until) AS until FROM ${table}`)
  return endOf(run(`SELECT min(until) AS until FROM (${ends.join(' UNION ALL ')})`))
}

/** Deletes what has ended in a shard. */
export function sweepShard(run: Run, now: number): number | undefined {
  run('DELETE FROM tokens WHERE until <= ?', now)
  run('DELETE FROM erased WHERE until <= ?', now)
  forget(run, now)
  return endOf(
    run(
      `SELECT min(until) AS until FROM
        (SELECT min(until) AS until FROM tokens UNION ALL SELECT min(until) AS until FROM erased
          UNION ALL SELECT min(until) AS until FROM audit)`,
    ),
  )
}

function endOf([row]: Record<string, unknown>[]): number | undefined {
  return typeof row?.['until'] === 'number' ? row['until'] : undefined
}
