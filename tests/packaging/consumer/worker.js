import { check } from './edge.js'

export default {
  async fetch() {
    return Response.json(await check())
  },
}
