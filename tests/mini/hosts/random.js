// Sources of randomness as hosts have them: good ones, and those that only look like one.
import { randomBytes } from 'node:crypto'

const counting = (length) => Uint8Array.from({ length }, (_, at) => at)
const repeated = randomBytes(1024)
let drawn = 0

/** kind → bytes of one draw. `same` gives the same after each start, `restart()` says when that is. */
export const sources = {
  good: (length) => new Uint8Array(randomBytes(length)),
  zeros: (length) => new Uint8Array(length),
  constant: (length) => new Uint8Array(length).fill(0xa7),
  counting,
  short: (length) => new Uint8Array(randomBytes(length - 1)),
  same: (length) => new Uint8Array(repeated.subarray(drawn, (drawn += length))),
}

export const restart = () => void (drawn = 0)

/** `getRandomValues` as WeChat and Douyin have it: asynchronous, a MiB at most, an ArrayBuffer. */
export function getRandomValues(process, kind, failure) {
  return ({ length, success, fail }) => {
    if (kind === 'failing' || !(length >= 1 && length <= 1_048_576)) {
      process.deliver(() => fail(failure))
      return
    }
    if (kind === 'silent') return
    const { buffer } = sources[kind](length)
    process.deliver(() => success({ randomValues: buffer, errMsg: 'getRandomValues:ok' }))
  }
}
