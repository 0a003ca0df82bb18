import { check } from './h5.js'

check().then(
  (result) => (globalThis.result = result),
  (error) => (globalThis.result = { error: `${error}\n${error.stack}` }),
)
