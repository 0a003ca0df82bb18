// What is kept of one person: policies, the operations that came under them, leases, and how often something was asked for.
// Each function is one transaction; the core decides.
import { engine } from '../../engine/full.js'
import type { Run } from '../schema.js'

/** An operation that wants to be worked on. */
export interface AdmissionRequest {
  op: string
  digest: string
  field: string
  foreign?: true
  refused?: string
  missing?: true
}

/** The result of an operation, as it is sent. */
export interface OperationResult {
  op: string
  status: 'done' | 'conflict' | 'refused' | 'retry'
  token?: string
  error?: string
}

/** A policy that was verified. */
export interface PolicyFacts {
  jti: string
  rexp: number
  max: Record<string, number>
}

/** Decides about a policy, and remembers a fresh one. */
export function grant(run: Run, command: string): { granted: unknown; forgetAt: number } {
  const remembered = run('SELECT granted FROM policies').map((row) => String(row['granted']))
  const text = engine.call((glue) => glue.vaultGrant(remembered.join('\n'), command))
  const { granted, fresh, jti, forgetAt } = JSON.parse(text) as {
    granted: unknown
    fresh: boolean
    jti: string
    forgetAt: number
  }
  if (fresh) {
    run(
      'INSERT INTO policies (jti, granted, until) VALUES (?, ?, ?)',
      jti,
      JSON.stringify(granted),
      forgetAt,
    )
  }
  return { granted, forgetAt }
}

/** Admits operations. Gives the result of each that is not to be worked on. */
export function admit(
  run: Run,
  policy: PolicyFacts,
  requests: readonly AdmissionRequest[],
  nowSeconds: number,
): { results: (OperationResult | null)[]; forgetAt: number | undefined } {
  let forgetAt: number | undefined
  const results = requests.map((request): OperationResult | null => {
    const [row] = run('SELECT memory FROM ops WHERE op = ?', request.op)
    const [used] = run(
      'SELECT count FROM used WHERE jti = ? AND field = ?',
      policy.jti,
      request.field,
    )
    const attempt = JSON.stringify({
      ...request,
      rexp: policy.rexp,
      used: Number(used?.['count'] ?? 0),
      max: policy.max[request.field] ?? 0,
      now: nowSeconds,
    })
    const memory = row === undefined ? undefined : String(row['memory'])
    const text = engine.call((glue) => glue.vaultAdmit(memory, attempt))
    const decided = JSON.parse(text) as {
      answer?: OperationResult
      memory?: { until: number }
    }
    if (decided.memory) {
      const { until } = decided.memory
      forgetAt = Math.min(forgetAt ?? until, until)
      run(
        'INSERT INTO ops (op, memory, until) VALUES (?, ?, ?)',
        request.op,
        JSON.stringify(decided.memory),
        until,
      )
      run(
        `INSERT INTO used (jti, field, count, until) VALUES (?, ?, 1, ?)
          ON CONFLICT DO UPDATE SET count = count + 1`,
        policy.jti,
        request.field,
        until,
      )
    }
    return decided.answer ?? null
  })
  return { results, forgetAt }
}

/** Remembers results. What is remembered already stays, and is given. */
export function settle(run: Run, results: readonly OperationResult[]): OperationResult[] {
  return results.map((result) => {
    const [row] = run('SELECT memory FROM ops WHERE op = ?', result.op)
    if (row === undefined) return result
    const memory = String(row['memory'])
    const settled = engine.call((glue) => glue.vaultSettle(memory, JSON.stringify(result)))
    if (settled !== undefined) {
      run('UPDATE ops SET memory = ? WHERE op = ?', settled, result.op)
      return result
    }
    return (JSON.parse(memory) as { result?: OperationResult }).result ?? result
  })
}

/** A lease of up to `count` tokens, within the holder's share; 0 where nothing of it is left. */
export function lease(
  run: Run,
  {
    lease: id,
    field,
    count,
    share,
  }: { lease: string; field: string; count: number; share: number },
  untilSeconds: number,
  nowSeconds: number,
): number {
  const [row] = run(
    'SELECT sum(count) AS leased FROM leases WHERE field = ? AND until > ?',
    field,
    nowSeconds,
  )
  const leased = Number(row?.['leased'] ?? 0)
  const granted = engine.call((glue) => glue.vaultPortion(count, share, leased))
  if (granted > 0) {
    run(
      'INSERT INTO leases (lease, field, count, until) VALUES (?, ?, ?, ?)',
      id,
      field,
      granted,
      untilSeconds,
    )
  }
  return granted
}

/** Something that may be done so often within a period. */
export interface Rate {
  name: string
  count: number
  limit: number
}

const erased = 'erased'

/** Lets this person ask for nothing more until `untilSeconds`: a rate that is always used up. */
export function close(run: Run, untilSeconds: number): void {
  run(
    'INSERT INTO rates (name, count, until) VALUES (?, 0, ?) ON CONFLICT DO UPDATE SET until = excluded.until',
    erased,
    untilSeconds,
  )
}

/** Takes from all rates or from none. Gives the seconds to wait where one is used up. */
export function take(
  run: Run,
  rates: readonly Rate[],
  periodSeconds: number,
  nowSeconds: number,
): number | 'erased' | undefined {
  if (run('SELECT 1 FROM rates WHERE name = ?', erased).length > 0) return 'erased'
  const until = (Math.floor(nowSeconds / periodSeconds) + 1) * periodSeconds
  for (const { name, count, limit } of rates) {
    const [row] = run('SELECT count FROM rates WHERE name = ? AND until = ?', name, until)
    if (Number(row?.['count'] ?? 0) + count > limit) return until - nowSeconds
  }
  for (const { name, count } of rates) {
    run(
      `INSERT INTO rates (name, count, until) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
        count = CASE WHEN until = excluded.until THEN count + excluded.count ELSE excluded.count END,
        until = excluded.until`,
      name,
      count,
      until,
    )
  }
  return undefined
}
