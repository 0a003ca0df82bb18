// Inflates zlib data (RFC 1950) from hands that may be careless or worse: never more than is allowed, and nothing that is
// cut off, damaged or followed by something else. The host's streams inflate; what they let pass differs, so the checksum
// is compared here.
import { LingpaiError } from '../error.js'

/** How much goes in at a time. Deflate expands at most 1032-fold, and some hosts inflate a whole piece at once. */
const pieceBytes = 512
const checksumBytes = 4

/** Throws a `TypeError` where the runtime has no `DecompressionStream`. */
export function requireInflate(): void {
  if (typeof DecompressionStream === 'undefined') {
    throw new TypeError('statusListRevocation: this runtime has no DecompressionStream')
  }
}

/** The data, at most `mostBytes` of it. Rejects with `limit_exceeded` or `malformed`. */
export async function inflate(
  deflated: Uint8Array<ArrayBuffer>,
  mostBytes: number,
): Promise<Uint8Array> {
  const inflated: Uint8Array[] = []
  let length = 0
  const reader = pieces(deflated).pipeThrough(new DecompressionStream('deflate')).getReader()
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new LingpaiError('malformed', { message: 'status list: not zlib data' })
    })
    if (done) break
    length += value.byteLength
    if (length > mostBytes) {
      await reader.cancel().catch(() => undefined)
      throw new LingpaiError('limit_exceeded', { message: 'status list: inflates to too much' })
    }
    inflated.push(value)
  }
  const data = joined(inflated, length)
  if (adler32(data) !== lastWord(deflated)) {
    throw new LingpaiError('malformed', { message: 'status list: checksum' })
  }
  return data
}

/** Pulled piece by piece, so that nothing is inflated ahead of who reads. */
function pieces(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, (at += pieceBytes)))
    },
  })
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

/** The checksum of zlib data (RFC 1950 §8.2). */
function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0]
  for (let at = 0; at < bytes.length;) {
    // So many sums stay exact before they are reduced.
    for (const end = Math.min(at + 3800, bytes.length); at < end; at++) {
      low += bytes[at] as number
      high += low
    }
    low %= 65521
    high %= 65521
  }
  return ((high << 16) | low) >>> 0
}

/** Where zlib data keeps its checksum; whatever follows the data takes its place. */
function lastWord(bytes: Uint8Array): number | undefined {
  if (bytes.length < checksumBytes) return undefined
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - checksumBytes)
}
