// The tables of a vault, in all their versions: of a holder, and of a shard.
import type { Run, Schema } from '../schema.js'

/** Tables of a holder. Everything in them has an end. */
export const holderSchema: Schema = {
  name: 'holder',
  table: 'policies',
  steps: [
    [
      'CREATE TABLE policies (jti TEXT PRIMARY KEY, granted TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
      'CREATE TABLE used (jti TEXT NOT NULL, field TEXT NOT NULL, count INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (jti, field)) WITHOUT ROWID',
      'CREATE TABLE ops (op TEXT PRIMARY KEY, memory TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
      'CREATE TABLE leases (lease TEXT PRIMARY KEY, field TEXT NOT NULL, count INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
      'CREATE TABLE rates (name TEXT PRIMARY KEY, count INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
    ],
  ],
}

/** The tables of a holder whose rows end at `until`. */
export const endingTables = ['policies', 'used', 'ops', 'leases', 'rates'] as const

/** A value's canonical token was counted, or a token of a pool (`token`, its `count` absent); a token was of one field by its text. */
const first = [
  'CREATE TABLE values_ (value TEXT PRIMARY KEY, fingerprint TEXT UNIQUE, field TEXT NOT NULL, count INTEGER, token TEXT, bound INTEGER NOT NULL, record TEXT, kid TEXT)',
  'CREATE UNIQUE INDEX values_by_count ON values_ (field, count)',
  'CREATE INDEX values_by_kid ON values_ (kid)',
  'CREATE TABLE tokens (token TEXT PRIMARY KEY, field TEXT NOT NULL, lease TEXT, holder TEXT, mark TEXT, value TEXT, shard INTEGER, until INTEGER) WITHOUT ROWID',
  'CREATE INDEX tokens_by_end ON tokens (until)',
  'CREATE TABLE counters (field TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE audit (seq INTEGER PRIMARY KEY, until INTEGER NOT NULL, entry TEXT NOT NULL, link TEXT NOT NULL)',
  'CREATE TABLE facts (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID',
]

/** Canonical tokens are always counted: where a token of a pool was one, it goes on standing for its value, beside a counted one. */
const second = [
  'CREATE TABLE counted (value TEXT PRIMARY KEY, fingerprint TEXT UNIQUE, field TEXT NOT NULL, count INTEGER NOT NULL, record TEXT, kid TEXT)',
  `INSERT INTO counted SELECT value, fingerprint, field,
    coalesce(count, coalesce(next, 0) - 1 + row_number() OVER (PARTITION BY field, count IS NULL ORDER BY value)),
    record, kid FROM values_ LEFT JOIN counters USING (field)`,
  `INSERT INTO counters (field, next) SELECT field, count(*) FROM values_ WHERE count IS NULL GROUP BY field
    ON CONFLICT DO UPDATE SET next = next + excluded.next`,
  'DROP TABLE values_',
  'ALTER TABLE counted RENAME TO values_',
  'CREATE UNIQUE INDEX values_by_count ON values_ (field, count)',
  'CREATE INDEX values_by_kid ON values_ (kid)',
  'CREATE TABLE by_field (field TEXT NOT NULL, token TEXT NOT NULL, lease TEXT, holder TEXT, mark TEXT, value TEXT, shard INTEGER, until INTEGER, PRIMARY KEY (field, token)) WITHOUT ROWID',
  'INSERT INTO by_field SELECT field, token, lease, holder, mark, value, shard, until FROM tokens',
  'DROP TABLE tokens',
  'ALTER TABLE by_field RENAME TO tokens',
  'CREATE INDEX tokens_by_end ON tokens (until)',
]

/**
 * Values have owners. Those of a value from before are not known: it gets one without a name, whom nobody can erase, so that it does
 * not go with whoever is the first to be noted.
 */
const third = [
  'CREATE TABLE IF NOT EXISTS owners (holder TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (holder, value)) WITHOUT ROWID',
  'CREATE INDEX IF NOT EXISTS owners_by_value ON owners (value)',
  'CREATE TABLE IF NOT EXISTS erased (holder TEXT PRIMARY KEY, items INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
  `INSERT INTO owners SELECT '', value FROM values_
    WHERE record IS NOT NULL AND value NOT IN (SELECT value FROM owners)`,
]

/**
 * Nothing beside a token tells of its value once that is erased: no digest that its value could be tried against, and not whose key a
 * token that stands for a value was leased to. What was claimed and never bound ends like a lease.
 */
const fourth = [
  'UPDATE tokens SET holder = NULL WHERE value IS NOT NULL AND holder IS NOT NULL',
  'UPDATE tokens SET until = unixepoch() + 67 * 86400 WHERE value IS NULL AND until IS NULL',
  'ALTER TABLE tokens DROP COLUMN mark',
]

/**
 * Tables of a shard. `values_` has a row for each value that was ever registered: after an erasure without its fingerprint and
 * record, but with its tokens. `tokens` has those that did not come into being with their value: provisional and leased ones.
 */
export const shardSchema: Schema = {
  name: 'shard',
  table: 'values_',
  steps: [first, second, third, fourth],
  unnoted: versionOf,
}

// Before versions were noted, later code added its owners to tables that it could not use otherwise, so that they say nothing.
function versionOf(run: Run): number {
  const has = (table: string, column: string) => {
    const [row] = run('SELECT sql FROM sqlite_master WHERE name = ?', table)
    return String(row?.['sql']).includes(column)
  }
  if (!has('tokens', 'mark')) return 4
  return has('values_', 'bound') ? 1 : 2
}
