import { check } from './tokenizer.js'

export default {
  async fetch() {
    return Response.json(await check())
  },
}
