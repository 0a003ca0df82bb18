// What a shard keeps: values by fingerprint, each with one canonical token; and what tokens stand for that did not come into
// being with their value. Each function is one transaction, and repeating one changes nothing.
import { engine } from '../../engine/full.js'
import type { Run } from '../schema.js'
import type {
  Registered,
  Registration,
  TokenBinding,
  TokenClaim,
  TokenClaimed,
  TokenMeaning,
} from './rows.js'

/**
 * Registers values. The first writer's canonical token counts; `null` where the shard has no token left. It always comes from
 * the counter: a token that came with an operation would tell by becoming the canonical one that its value was new.
 */
export function register(run: Run, registrations: readonly Registration[]): (Registered | null)[] {
  return registrations.map(({ fingerprint, field, value, record, limit }) => {
    // Written although nothing changes: an answer that waits for no disk would tell that the value was there.
    const [known] = run(
      'UPDATE values_ SET count = count WHERE fingerprint = ? RETURNING *',
      fingerprint,
    )
    if (known !== undefined) return registered(known)
    const count = next(run, field, 1, limit)?.first
    if (count === undefined) return null
    const [row] = run(
      `INSERT INTO values_ (value, fingerprint, field, count, record, kid)
        VALUES (?, ?, ?, ?, ?, ?) RETURNING *`,
      value,
      fingerprint,
      field,
      count,
      record,
      kidOf(record),
    )
    return row === undefined ? null : registered(row)
  })
}

/** The key that a record is sealed under. */
export function kidOf(record: string): string {
  return record.slice(0, record.indexOf('.'))
}

function registered(row: Record<string, unknown>): Registered {
  return { value: String(row['value']), count: Number(row['count']) }
}

/** Draws counts that were never drawn before, and never will be again: the counter does not fall. */
function next(
  run: Run,
  field: string,
  count: number,
  limit: number,
): { first: number; count: number } | undefined {
  const [row] = run('SELECT next FROM counters WHERE field = ?', field)
  const first = Number(row?.['next'] ?? 0)
  const drawn = Math.min(count, limit - first)
  if (drawn <= 0) return undefined
  run(
    'INSERT INTO counters (field, next) VALUES (?, ?) ON CONFLICT DO UPDATE SET next = excluded.next',
    field,
    first + drawn,
  )
  return { first, count: drawn }
}

/** Draws counts for a lease. What they are as tokens, {@link lease} is told afterwards. */
export function draw(
  run: Run,
  field: string,
  count: number,
  limit: number,
): { first: number; count: number } | null {
  return next(run, field, count, limit) ?? null
}

/** Leases tokens of this shard to a proof key. */
export function lease(
  run: Run,
  {
    lease: id,
    field,
    holder,
    tokens,
  }: { lease: string; field: string; holder: string; tokens: readonly string[] },
  untilSeconds: number,
): void {
  for (const token of tokens) {
    run(
      'INSERT INTO tokens (token, field, lease, holder, until) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      token,
      field,
      id,
      holder,
      untilSeconds,
    )
  }
}

/** Says whether tokens may stand for values, or do already. Tokens of two fields may look alike: what is known of one says nothing of the other. */
export function claim(run: Run, claims: readonly TokenClaim[]): TokenClaimed[] {
  return claims.map(({ token, field, ...wanted }) => {
    const [row] = run('SELECT * FROM tokens WHERE field = ? AND token = ?', field, token)
    const text = engine.call((glue) => glue.vaultClaim(rowText(row), JSON.stringify(wanted)))
    const { value, status, error } = JSON.parse(text) as TokenClaimed
    if (value !== undefined) return { value, shard: Number(row?.['shard']) }
    return status === undefined ? {} : { status, ...(error !== undefined && { error }) }
  })
}

/**
 * Binds tokens to values, where they are not bound already. Gives what each stands for from now on. What is kept of a token then is
 * the id of its value: a value is erased where its fingerprint is, and nothing here may be left to try it against.
 */
export function bind(run: Run, bindings: readonly TokenBinding[]): TokenMeaning[] {
  return bindings.map(({ token, field, value, shard }) => {
    const [row] = run('SELECT * FROM tokens WHERE field = ? AND token = ?', field, token)
    const text = engine.call((glue) => glue.vaultBind(rowText(row), value))
    const bound = JSON.parse(text) as { value: string; row?: unknown }
    if (bound.row === undefined) return { value: bound.value, shard: Number(row?.['shard']) }
    run(
      `INSERT INTO tokens (token, field, value, shard) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET holder = NULL, value = excluded.value, shard = excluded.shard, until = NULL`,
      token,
      field,
      value,
      shard,
    )
    return { value, shard }
  })
}

/** What tokens of this shard stand for; `null` for what stands for nothing. */
export function meaning(
  run: Run,
  tokens: readonly { token: string; field: string; count?: number }[],
  shard: number,
): (TokenMeaning | null)[] {
  return tokens.map(({ token, field, count }) => {
    const [row] = run('SELECT value, shard FROM tokens WHERE field = ? AND token = ?', field, token)
    if (typeof row?.['value'] === 'string') {
      return { value: row['value'], shard: Number(row['shard']) }
    }
    if (count === undefined) return null
    const [own] = run('SELECT value FROM values_ WHERE field = ? AND count = ?', field, count)
    return own === undefined ? null : { value: String(own['value']), shard }
  })
}

/** The canonical tokens of values of this shard, and of which of them are not what a token of a pool was wanted for. */
export function canonical(
  run: Run,
  values: readonly string[],
  wanted: readonly (string | null)[] = [],
): ((Registered & { other?: true }) | null)[] {
  return values.map((value, at) => {
    const [row] = run('SELECT * FROM values_ WHERE value = ?', value)
    if (row === undefined) return null
    const fingerprint = wanted[at]
    const other =
      typeof fingerprint === 'string' &&
      !engine.call((glue) => glue.vaultStandsFor(textOf(row['fingerprint']), fingerprint))
    return { ...registered(row), ...(other && { other }) }
  })
}

function rowText(row: Record<string, unknown> | undefined): string | undefined {
  if (row === undefined) return undefined
  const { lease, holder, value } = row
  return JSON.stringify({ lease: textOf(lease), holder: textOf(holder), value: textOf(value) })
}

/** NULL becomes absent. */
function textOf(it: unknown): string | undefined {
  return typeof it === 'string' ? it : undefined
}
