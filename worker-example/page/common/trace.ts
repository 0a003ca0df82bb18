// Shows steps as they happen, each on its lanes. Holds what it was given; decides nothing.

import { element, find } from './dom'
import { onLanguage, say } from './language'
import type { Lane, Step } from './step'
import { stepWords } from './step-words'

const lanes: readonly Lane[] = ['partner', 'page', 'edge']

const apartMs = 110

export interface Trace {
  add(step: Step): void
  /** Brings into view what the last action began with. */
  showLatest(): void
}

/** Renders into the page's `#trace`. `onChange` gets the number of steps. */
export function createTrace(onChange?: (count: number) => void): Trace {
  const root = find('#trace')
  const list = element('ol', { class: 'steps' })
  const log = element('div', { role: 'log' }, list)
  const steps: Step[] = []
  const waiting: Step[] = []
  let latest = 0
  const word = (key: string, values?: Record<string, string>) => say(stepWords, key, values)

  const render = () => {
    const open = new Set(
      [...list.querySelectorAll('details[open]')].map((node) => node.getAttribute('data-step')),
    )
    root.replaceChildren(legend(word, steps.length === 0), log)
    list.replaceChildren()
    steps.forEach((_, index) => append(index, open.has(String(index))))
  }

  const append = (index: number, open: boolean) => {
    const step = steps[index]!
    const before = steps[index - 1]
    if (before?.run !== step.run || startsRun(step))
      list.append(heading(step, goesOn(steps, index), word))
    list.append(row(step, index, startOfRun(steps, index), open, word))
  }

  // Whole visits take a few dozen milliseconds. Shown a little apart, each step can be seen to arrive; the times are real.
  const show = () => {
    const step = waiting.shift()
    if (!step) return
    const quiet = step.at - (steps.at(-1)?.at ?? 0) > 1500
    steps.push(step)
    if (steps.length === 1) render()
    else append(steps.length - 1, false)
    onChange?.(steps.length)
    list.lastElementChild?.classList.add('fresh')
    if (quiet) latest = steps.length - 1
    if (isBeside()) follow(list, latest)
    if (waiting.length > 0) setTimeout(show, calm() ? 0 : apartMs)
  }

  onLanguage(render)
  return {
    add: (step) => {
      waiting.push(step)
      if (waiting.length === 1) setTimeout(show, 0)
    },
    showLatest: () => follow(list, latest),
  }
}

function calm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}

/** Whether the trace stands beside the page that it tells of; below it, scrolling would take the page away. */
function isBeside(): boolean {
  return matchMedia('(min-width: 960px)').matches
}

/** Scrolls down to the last step, as far as the step with which the last action began remains in view. */
function follow(list: HTMLElement, began: number): void {
  const first = list.querySelectorAll('.step')[began]
  const last = list.lastElementChild
  if (!first || !last) return
  const heading = first.previousElementSibling
  const start = heading?.classList.contains('run') ? heading : first
  const above = parseFloat(getComputedStyle(first).scrollMarginTop)
  const enough = last.getBoundingClientRect().bottom - innerHeight + 24
  const most = start.getBoundingClientRect().top - above
  const by = Math.min(enough, most)
  if (by > 0) scrollBy({ top: by, behavior: calm() ? 'auto' : 'smooth' })
}

type Word = (key: string, values?: Record<string, string>) => string

function startsRun(step: Step): boolean {
  return step.values?.['begins'] === 'run'
}

/** Whether the run of a step was interrupted, by a thief, and now goes on. */
function goesOn(steps: readonly Step[], index: number): boolean {
  const step = steps[index]!
  if (startsRun(step) || step.run === 'attack') return false
  return steps.slice(0, index).some((earlier) => earlier.run === step.run)
}

function startOfRun(steps: readonly Step[], index: number): number {
  let first = index
  while (first > 0 && steps[first - 1]!.run === steps[index]!.run && !startsRun(steps[first]!))
    first -= 1
  return steps[first]!.at
}

function legend(word: Word, explained: boolean): HTMLElement {
  const columns = lanes.map((lane) =>
    element(
      'li',
      { class: `lane ${lane}` },
      element('span', { class: 'lane-name' }, word(lane)),
      explained && element('span', { class: 'lane-role' }, word(`trace.${lane}`)),
    ),
  )
  return element(
    'div',
    { class: explained ? 'legend explained' : 'legend' },
    element('ul', { class: 'lanes' }, ...columns),
    explained &&
      element(
        'ol',
        { class: 'outline' },
        ...['launch', 'visit', 'call', 'refresh'].map((part) =>
          element(
            'li',
            {},
            element('strong', {}, word(`part.${part}`)),
            element('span', {}, word(`part.${part}.why`)),
          ),
        ),
      ),
    explained && element('p', { class: 'empty' }, word('trace.empty')),
  )
}

function heading(step: Step, again: boolean, word: Word): HTMLElement {
  return element(
    'li',
    { class: `run ${step.run}` },
    rail(),
    element('h3', {}, word(again ? 'run.again' : `run.${step.run}`)),
  )
}

function row(step: Step, index: number, start: number, open: boolean, word: Word): HTMLElement {
  const refusedTitle = step.state === 'refused' && stepWords[`${step.kind}.refused`]
  const title = word(refusedTitle ? `${step.kind}.refused` : step.kind, step.values)
  return element(
    'li',
    { class: `step ${step.state} at-${step.to} ${step.run}` },
    rail(step),
    element(
      'article',
      { class: 'card' },
      element(
        'header',
        {},
        element('span', { class: 'who' }, who(step, word)),
        step.state !== 'done' && element('span', { class: 'state' }, word(step.state)),
        element('span', { class: 'time' }, elapsed(step.at - start)),
      ),
      element('h4', {}, title),
      element('p', { class: 'why' }, why(step, word)),
      element(
        'div',
        { class: 'foot' },
        facts(step, word),
        step.decoded &&
          element(
            'details',
            { 'data-step': String(index), ...(open && { open: '' }) },
            element('summary', {}, word('trace.decoded')),
            element('pre', { tabindex: '0' }, JSON.stringify(step.decoded, undefined, 2)),
          ),
      ),
    ),
  )
}

function who(step: Step, word: Word): string {
  const name = (lane: Lane) => word(step.run === 'attack' && lane === 'page' ? 'thief' : lane)
  return step.from === step.to ? name(step.to) : `${name(step.from)} → ${name(step.to)}`
}

/** For a refusal, what is known about its code; the plain reason of a step is about its success. */
function why(step: Step, word: Word): string {
  const keys = [`${step.kind}.${step.values?.['code']}.why`, `${step.kind}.${step.state}.why`]
  if (step.state !== 'refused' || !stepWords[`${step.kind}.refused`]) keys.push(`${step.kind}.why`)
  const key = keys.find((candidate) => stepWords[candidate])
  return key ? word(key, step.values) : ''
}

function facts(step: Step, word: Word): HTMLElement {
  const pairs = step.facts.map(([name, value]) =>
    element(
      'div',
      {},
      element('dt', {}, word(`fact.${name}`)),
      element(
        'dd',
        { class: 'code' },
        stepWords[`value.${value}`] ? word(`value.${value}`) : value,
      ),
    ),
  )
  return element('dl', { class: 'facts' }, ...pairs)
}

/** Three lifelines and, for a step, the arrow or the dot on them. */
function rail(step?: Step): HTMLElement {
  const lines = lanes.map((lane) => element('span', { class: `line ${lane}` }))
  if (!step) return element('div', { class: 'rail', 'aria-hidden': 'true' }, ...lines)
  const mark =
    step.from === step.to
      ? element('span', { class: `dot ${step.to}` })
      : element('span', { class: `arrow from-${step.from} to-${step.to}` })
  return element('div', { class: 'rail', 'aria-hidden': 'true' }, ...lines, mark)
}

function elapsed(milliseconds: number): string {
  return milliseconds < 1000
    ? `+${Math.round(milliseconds)} ms`
    : `+${(milliseconds / 1000).toFixed(1)} s`
}
