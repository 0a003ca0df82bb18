// What `durable/` uses of Cloudflare's runtime. The full types collide with those of browsers, which the rest needs.
declare module 'cloudflare:workers' {
  interface SqlCursor {
    toArray(): Record<string, unknown>[]
  }
  export interface DurableStorage {
    sql: { exec(query: string, ...bindings: (string | number | null)[]): SqlCursor }
    transactionSync<T>(closure: () => T): T
    getAlarm(): Promise<number | null>
    setAlarm(milliseconds: number): Promise<void>
    deleteAll(): Promise<void>
  }
  export abstract class DurableObject<Env = unknown> {
    protected ctx: { storage: DurableStorage }
    protected env: Env
    alarm?(): Promise<void>
  }
}
