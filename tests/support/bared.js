// A class of Durable Objects whose tables lie open: what is in them, and whatever an older version would have put there.

/** The class with methods around its own. */
export function bared(Class) {
  return class extends Class {
    /** Runs statements on the object's tables, whatever version they are of. Gives the rows of the last. */
    sql(statements) {
      const { sql, transactionSync } = this.ctx.storage
      const all = () => statements.map((statement) => sql.exec(statement).toArray())
      return transactionSync.call(this.ctx.storage, all).at(-1)
    }

    /** Definitions and rows of all tables. */
    dump() {
      const { sql } = this.ctx.storage
      const query = `SELECT name, sql FROM sqlite_master
        WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY name`
      const all = sql.exec(query).toArray()
      const rows = ({ name, sql: definition }) =>
        definition.startsWith('CREATE TABLE') ? sql.exec(`SELECT * FROM "${name}"`).toArray() : []
      return all.map((it) => ({ ...it, rows: rows(it) }))
    }

    /** Has the alarm come now. */
    async wake() {
      await this.ctx.storage.setAlarm(Date.now())
    }

    /** In how many milliseconds the alarm comes; `null` where there is none. */
    async alarmIn() {
      const alarm = await this.ctx.storage.getAlarm()
      return alarm === null ? null : alarm - Date.now()
    }
  }
}
