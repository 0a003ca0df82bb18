// Calls into the module: fields go in, bytes come out, nothing of either stays behind in its memory.
import type { ErrorCode } from '../codes'
import { LingpaiError } from '../errors'
import { fromUtf8, utf8 } from '../text'

/** A field of a message: bytes, text, a number below 2³², or one that is absent. */
export type Field = Uint8Array | string | number | undefined

/** What the module can do. */
export type Ability = 'symmetric' | 'proofs' | 'visits'

/** The module, ready to be called. */
export interface Engine {
  /** How it runs. */
  readonly kind: 'wasm' | 'javascript'
  /** How much of it there is; each includes the one before. */
  readonly ability: Ability
  /** Whether it has trapped, after which it does nothing any more. */
  trapped(): boolean
  /** Carries out an operation. Throws {@link LingpaiError}. */
  call(operation: number, ...fields: Field[]): Uint8Array
  /** The same for an operation whose result is text. */
  text(operation: number, ...fields: Field[]): string
}

/** What an instance exports. */
export interface Exports {
  memory: { buffer: ArrayBuffer }
  lp_version(): number
  lp_input(length: number): number
  lp_call(operation: number): number
  lp_output(): number
  lp_output_length(): number
  lp_clear(): void
}

const version = 2
const absent = 0xffffffff

/** Wraps an instance. */
export function engineOf(exports: Exports, kind: Engine['kind'], ability: Ability): Engine {
  let broken = exports.lp_version() !== version
  function call(operation: number, ...fields: Field[]): Uint8Array {
    if (broken) throw new LingpaiError('internal', { message: 'the module trapped' })
    const parts = fields.map(bytesOf)
    // Whatever throws in here is a trap, after which nothing in the module is to be trusted.
    broken = true
    write(exports, parts)
    const refused = exports.lp_call(operation)
    const output = new Uint8Array(
      exports.memory.buffer,
      exports.lp_output(),
      exports.lp_output_length(),
    )
    const result = output.slice()
    exports.lp_clear()
    broken = false
    if (refused === 0) return result
    const message = fromUtf8(result)
    throw new LingpaiError(message.replace(/\(.*/, '') as ErrorCode, { message })
  }
  return {
    kind,
    ability,
    trapped: () => broken,
    call,
    text: (operation, ...fields) => fromUtf8(call(operation, ...fields)),
  }
}

function write(exports: Exports, parts: readonly (Uint8Array | undefined)[]): void {
  const length = parts.reduce((sum, part) => sum + 4 + (part ? part.length : 0), 0)
  // Before the view: making room may move the memory.
  const start = exports.lp_input(length)
  const input = new Uint8Array(exports.memory.buffer, start, length)
  let at = 0
  for (const part of parts) {
    input.set(numberOf(part ? part.length : absent), at)
    if (part) input.set(part, at + 4)
    at += 4 + (part ? part.length : 0)
  }
}

function bytesOf(field: Field): Uint8Array | undefined {
  if (typeof field === 'string') return utf8(field)
  if (typeof field === 'number') return numberOf(field)
  return field
}

function numberOf(value: number): Uint8Array {
  const whole = Math.min(Math.max(Math.floor(value), 0), absent)
  return new Uint8Array([whole, whole >>> 8, whole >>> 16, whole >>> 24])
}

/** A number that the module answered, or nothing. */
export function toNumber(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 4) return undefined
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
}
