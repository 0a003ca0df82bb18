// The directory of one identity: where it is in force, and whatever of a move or a removal is left to do. It answers, drives its
// plan step by step, and is woken by an alarm where nobody else drives it on. It never sees an identifier in the clear.
import { DurableObject } from 'cloudflare:workers'
import type { ErrorCode } from '../../codes.js'
import { engine } from '../../engine/full.js'
import { tablesOf, type Schema } from '../schema.js'
import type { Deletion } from './fence.js'
import { regionObjects } from './objects.js'
import { regionOf, type RegionClass, type RegionSettings } from './settings.js'
import { carryOut, type Task, type StepOutcome } from './steps.js'

/** Where to turn with an identity. */
export interface RegionRoute {
  area: string
  epoch: number
  /** Whether writes are let in; otherwise the same may succeed in a moment. */
  writable: boolean
}

/** What the directory answers. */
export interface DirectoryAnswer {
  /** `registering`, `active`, `moving`, `copied`, `settling`, `removing`, `removed`; none where the identity is unknown. */
  state?: string
  route?: RegionRoute
  /** Why the last move was rolled back, if it was. */
  undone?: ErrorCode
  /** Why the command was refused, if it was. */
  refused?: ErrorCode
}

/** What a directory can be asked. Each method takes the id first: an object serves one. */
export interface Directory {
  look(id: string): Promise<DirectoryAnswer>
  register(id: string, area: string): Promise<DirectoryAnswer>
  confirm(id: string): Promise<DirectoryAnswer>
  abandon(id: string): Promise<DirectoryAnswer>
  move(id: string, area: string): Promise<DirectoryAnswer>
  remove(id: string, cause: 'identity' | 'person'): Promise<DirectoryAnswer>
  /** The whole record, of which certificates are made. */
  record(id: string): Promise<string | undefined>
}

interface Decision extends DirectoryAnswer {
  record?: unknown
  task?: Task
  wakeAt?: number
}

type Command =
  | { kind: 'look' | 'confirm' | 'abandon' | 'wake' }
  | { kind: 'register' | 'move'; area: string }
  | { kind: 'remove'; cause: string; areas: readonly string[] }
  | ({ kind: 'report'; task: Task; outcome: string } & Partial<Deletion>)

const schema: Schema = {
  name: 'directory',
  table: 'directory',
  steps: [['CREATE TABLE directory (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID']],
}

/** Gives the class for settings. */
export function directory<Env>(
  settingsOf: (env: Env) => RegionSettings,
): RegionClass<Env, Directory> {
  return class RegionDirectory extends DurableObject<Env> implements Directory {
    readonly #tables = tablesOf(this.ctx.storage, schema)

    async look(id: string): Promise<DirectoryAnswer> {
      return answerOf(this.#decide({ kind: 'look' }, this.#row(id)))
    }

    async register(id: string, area: string): Promise<DirectoryAnswer> {
      return answerOf(await this.#change(id, { kind: 'register', area }))
    }

    async confirm(id: string): Promise<DirectoryAnswer> {
      return answerOf(await this.#change(id, { kind: 'confirm' }))
    }

    async abandon(id: string): Promise<DirectoryAnswer> {
      return this.#begin(id, { kind: 'abandon' })
    }

    async move(id: string, area: string): Promise<DirectoryAnswer> {
      return this.#begin(id, { kind: 'move', area })
    }

    async remove(id: string, cause: 'identity' | 'person'): Promise<DirectoryAnswer> {
      const { areas } = regionOf(this.env, settingsOf).settings
      return this.#begin(id, { kind: 'remove', cause, areas })
    }

    async record(id: string): Promise<string | undefined> {
      return this.#row(id)
    }

    override async alarm(): Promise<void> {
      if (!(await this.#tables.awake()) || !this.#tables.exist()) return
      const [row] = this.#tables.run('SELECT id FROM directory')
      const id = row?.['id']
      if (typeof id !== 'string') return
      await this.#change(id, { kind: 'wake' })
      await this.#drive(id)
    }

    async #begin(id: string, command: Command): Promise<DirectoryAnswer> {
      const { refused } = await this.#change(id, command)
      if (refused !== undefined) return { refused }
      await this.#drive(id)
      return this.look(id)
    }

    /** Goes on until nothing is left to do, or a step fails: then the alarm that is set goes on. */
    async #drive(id: string): Promise<void> {
      const { settings } = regionOf(this.env, settingsOf)
      const objects = regionObjects(settings.namespaces, settings)
      for (;;) {
        const { task } = this.#decide({ kind: 'look' }, this.#row(id))
        if (task === undefined) return
        let outcome: StepOutcome
        try {
          outcome = await carryOut(task, id, objects, settings)
        } catch {
          // Unreachable, broken or too slow: whatever it is, it is tried again.
          outcome = { outcome: 'failed' }
        }
        await this.#change(id, { kind: 'report', task, ...outcome })
        if (outcome.outcome === 'failed') return
      }
    }

    /** One transaction: what is decided is stored, and with it the alarm that looks after what is left. */
    async #change(id: string, command: Command): Promise<Decision> {
      const { storage } = this.ctx
      const decision = storage.transactionSync(() => {
        const before = this.#row(id)
        const decision = this.#decide(command, before)
        if (decision.record !== undefined) this.#keep(id, JSON.stringify(decision.record))
        else if (before !== undefined) this.#tables.run('DELETE FROM directory')
        return decision
      })
      // Not awaited in between: the platform writes both or neither.
      if (decision.wakeAt !== undefined) await storage.setAlarm(decision.wakeAt * 1000)
      else if (decision.record === undefined && this.#tables.exist()) await storage.deleteAll()
      return decision
    }

    #decide(command: Command, record: string | undefined): Decision {
      const seconds = Math.floor(Date.now() / 1000)
      const text = engine.call((glue) =>
        glue.directoryDecide(record, JSON.stringify(command), seconds),
      )
      return JSON.parse(text) as Decision
    }

    #row(id: string): string | undefined {
      if (!this.#tables.exist()) return undefined
      const [row] = this.#tables.run('SELECT record FROM directory WHERE id = ?', id)
      return row?.['record'] as string | undefined
    }

    #keep(id: string, record: string): void {
      this.#tables.make()
      this.#tables.run('INSERT OR REPLACE INTO directory (id, record) VALUES (?, ?)', id, record)
    }
  }
}

function answerOf({ state, route, undone, refused }: Decision): DirectoryAnswer {
  return {
    ...(state !== undefined && { state }),
    ...(route !== undefined && { route }),
    ...(undone !== undefined && { undone }),
    ...(refused !== undefined && { refused }),
  }
}
