// Routes of mini-programs. They call from no page, so that there is no preflight.

import type { Gate } from './gate'
import type { MiniPrograms } from './mini-programs'
import { problem } from './problem'

const route = (name: keyof MiniPrograms) => ({
  POST: (request: Request, { mini }: Gate) =>
    mini ? mini[name](request) : problem(404, 'not_found', 'Not found'),
})

export const miniRoutes = {
  '/v1/exchange': route('exchange'),
  '/api/mini/payload': route('payload'),
  '/api/mini/phone': route('phone'),
}
