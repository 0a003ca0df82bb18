import { check } from './tokenizer.js'

check().then(
  (result) => (globalThis.result = result),
  (error) => (globalThis.result = { error: `${error}\n${error.stack}` }),
)
