// The people of the demo and what the edge says about them. Every call goes out with the visit's token and proof.

import type { Visit } from '@lingpai/h5'

export const areas = ['us', 'eu', 'cn'] as const
export type AreaName = (typeof areas)[number]
export type Name = 'lin' | 'anna' | 'sam'

export interface Person {
  name: Name
  number: string
  id: string
  area: AreaName | undefined
  state: string
  shown?: string
}

/** Counts of one area. */
export interface AreaReport {
  area: AreaName
  identities: { type: string; count: number }[]
  data: { type: string; count: number }[]
}

/** One call as a log would have it. */
export interface Call {
  method: string
  path: string
  status: number
}

/** A refusal of the edge. */
export class Refused extends Error {}

export interface World {
  people: Person[]
  report: AreaReport[]
  register(person: Person): Promise<void>
  reveal(person: Person): Promise<void>
  move(person: Person, area: AreaName): Promise<void>
  erase(person: Person): Promise<string | undefined>
  count(): Promise<void>
}

const key = 'people of the areas'

/** The world behind a visit; `heard` gets each call. */
export function createWorld(visit: Visit, gateway: string, heard: (call: Call) => void): World {
  async function call(
    method: string,
    path: string,
    body?: object,
  ): Promise<Record<string, unknown>> {
    const response = await visit.fetch(`${gateway}/v1/users${path}`, {
      method,
      ...(body && {
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json' },
      }),
    })
    heard({ method, path: `/v1/users${path}`, status: response.status })
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) throw new Refused(String(answer['error_description'] ?? answer['error']))
    return answer
  }

  const world: World = {
    people: read() ?? strangers(),
    report: [],
    async register(person) {
      const { id, area } = await call('POST', '', { type: 'phone', identifier: person.number })
      Object.assign(person, { id, area, state: 'active' })
      delete person.shown
      keep(world.people)
      await call('PUT', `/${person.id}/data/profile`, { tea: 'longjing' })
      await call('PUT', `/${person.id}/data/orders`, [{ cups: 2 }])
      await call('PUT', `/${person.id}/data/payments`, { method: 'card' })
    },
    async reveal(person) {
      person.shown = String((await call('GET', `/${person.id}/identifier`))['identifier'])
    },
    async move(person, area) {
      let answer = await call('POST', `/${person.id}/move`, { area })
      // Usually done by now; where a host did not answer, the directory goes on by itself.
      for (let times = 0; answer['writable'] === false && times < 40; times++) {
        await new Promise((resolve) => setTimeout(resolve, 500))
        answer = await call('GET', `/${person.id}`)
      }
      Object.assign(person, { area: answer['area'], state: answer['state'] })
      delete person.shown
      keep(world.people)
    },
    async erase(person) {
      const { state, certificate } = await call('POST', `/${person.id}/erase`)
      Object.assign(person, { area: undefined, state })
      delete person.shown
      keep(world.people)
      return certificate as string | undefined
    },
    async count() {
      world.report = (await call('GET', '/report'))['areas'] as AreaReport[]
    },
  }
  return world
}

/** Fictitious people with numbers that nobody else has drawn. */
function strangers(): Person[] {
  const digits = () =>
    String(crypto.getRandomValues(new Uint32Array(1))[0]! % 10_000).padStart(4, '0')
  const person = (name: Name, number: string): Person => ({
    name,
    number,
    id: '',
    area: undefined,
    state: 'new',
  })
  return [
    person('lin', `+86 138 0000 ${digits()}`),
    person('anna', `+49 1512 000 ${digits()}`),
    person('sam', `+1 555 010 ${digits()}`),
  ]
}

function read(): Person[] | undefined {
  const text = sessionStorage.getItem(key)
  return text === null ? undefined : (JSON.parse(text) as Person[])
}

function keep(people: readonly Person[]): void {
  sessionStorage.setItem(key, JSON.stringify(people.map(({ shown: _, ...person }) => person)))
}
