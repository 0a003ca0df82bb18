import { check } from './service.js'

export default {
  async fetch() {
    return Response.json(await check())
  },
}
