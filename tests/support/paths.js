// Where things are in the repository.
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const tests = fileURLToPath(new URL('../', import.meta.url))

/** Path of something below the repository's root. */
export const at = (...parts) => [root.replace(/\/$/, ''), ...parts].join('/')
