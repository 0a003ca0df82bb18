// The partner app's front-end: opens the tea club in a frame or by link, and shows the steps of everybody involved.

import { answerLaunch } from '@lingpai/h5/app'
import { find } from '../common/dom'
import { language, onLanguage, say, translatePage } from '../common/language'
import { hear, tell, type FromPage } from '../common/messages'
import { short } from '../common/jose-peek'
import { isStep, type Step } from '../common/step'
import { showScenes } from '../common/scenes'
import { createTrace } from '../common/trace'
import { askBackend, stepsOf, type Launch } from './backend'
import { sendThief } from './thief'
import { words } from './words'

type Run = 'framed' | 'linked'
/** A page that this app opened: where it is and with which token. */
interface Opened {
  window: Window
  origin: string
  run: Run
  accessToken?: string
  /** It listens. */
  ready: boolean
  /** Takes its frame away. */
  leave?: () => void
  steps: Step[]
}

const configured = configuration()
const opened: Opened[] = []

translatePage(words)
showScenes(find('#scenes'))
const trace = createTrace((count) => (find('#count').textContent = String(count)))

for (const button of document.querySelectorAll<HTMLElement>('[data-show]')) {
  button.addEventListener('click', () => {
    document.body.dataset['view'] = button.dataset['show']
    for (const other of document.querySelectorAll('[data-show]')) {
      other.setAttribute('aria-pressed', String(other === button))
    }
    scrollTo({ top: 0 })
    if (button.dataset['show'] === 'trace') trace.showLatest()
  })
}

onLanguage((now) => {
  for (const page of opened.filter((one) => one.ready))
    tell(page.window, page.origin, { demo: 'language', language: now })
})

// In the app: the page starts without a token and asks for one that is bound to its key.
find('#open').addEventListener('click', async () => {
  const { h5Url, pageOrigin } = await configured
  const frame = document.createElement('iframe')
  frame.title = say(words, 'sheet.frame')
  frame.src = `${h5Url}?lang=${language()}`
  find('#frame').replaceChildren(frame)
  find('#origin').textContent = new URL(h5Url).host
  find('#sheet').hidden = false
  find('#home').inert = true
  const page = pageIn(frame.contentWindow!, pageOrigin, 'framed')
  answerLaunch(frame, { pageOrigin, accessToken: (thumbprint) => handOver(page, thumbprint) })
  find('#shut').focus()
})
find('#shut').addEventListener('click', shut)

// By link: the token travels in the fragment. Without this script the link itself does the same.
find('#link').addEventListener('click', async (event) => {
  event.preventDefault()
  // Opened at once: after waiting, browsers take it for a pop-up that nobody asked for.
  const tab = window.open('about:blank')
  if (!tab) return trouble('trouble.blocked')
  const page = pageIn(tab, (await configured).pageOrigin, 'linked')
  const launch = await launchFor(page)
  if (!launch.launchUrl) {
    tab.close()
    return
  }
  const url = new URL(launch.launchUrl)
  url.searchParams.set('lang', language())
  show(page, {
    kind: 'at_linked',
    at: Date.now(),
    from: 'partner',
    to: 'page',
    state: 'done',
    run: 'linked',
    facts: [['for_page', url.origin]],
  })
  tab.location.replace(url)
})

const { h5Url, pageOrigin } = await configured
hear<FromPage>(pageOrigin, async (message, from) => {
  const page = opened.findLast((candidate) => candidate.window === from)
  if (!page) {
    // It was opened before this app was loaded anew.
    if (message.demo === 'thief-wanted') tell(from, pageOrigin, { demo: 'thief-result' })
    return
  }
  switch (message.demo) {
    case 'ready':
      page.ready = true
      tell(from, pageOrigin, { demo: 'language', language: language() })
      return tell(from, pageOrigin, { demo: 'steps', steps: page.steps })
    case 'step':
      if (isStep(message.step)) note(page, message.step)
      return
    case 'thief-wanted': {
      if (!page.accessToken) return tell(from, pageOrigin, { demo: 'thief-result' })
      const code = await sendThief(h5Url, page.accessToken, (step) => show(page, step))
      return tell(from, pageOrigin, { demo: 'thief-result', code })
    }
    case 'left':
      return page.leave?.()
  }
})

async function handOver(page: Opened, thumbprint: string): Promise<string> {
  show(page, {
    kind: 'key_told',
    at: Date.now(),
    from: 'page',
    to: 'partner',
    state: 'done',
    run: page.run,
    facts: [['thumbprint', short(thumbprint)]],
  })
  const { accessToken, error } = await launchFor(page, thumbprint)
  if (!accessToken) throw new Error(`No access token: ${error}`)
  show(page, {
    kind: 'at_handed',
    at: Date.now(),
    from: 'partner',
    to: 'page',
    state: 'done',
    run: page.run,
    facts: [['for_page', page.origin]],
  })
  return accessToken
}

async function launchFor(page: Opened, thumbprint?: string): Promise<Launch> {
  find('#trouble').hidden = true
  const sentAt = Date.now()
  const launch = await askBackend(thumbprint)
  for (const step of stepsOf(launch, page.run, sentAt)) show(page, step)
  if (launch.error) trouble('trouble.partner', launch.error)
  // A real app forgets the token here. This one keeps it for the thief.
  if (launch.accessToken) page.accessToken = launch.accessToken
  return launch
}

/** A step of this side: for the trace here and, where the page stands alone, there. */
function show(page: Opened, step: Step): void {
  note(page, step)
  if (page.run === 'linked' && page.ready)
    tell(page.window, page.origin, { demo: 'steps', steps: [step] })
}

function note(page: Opened, step: Step): void {
  const first = page.steps.length === 0
  page.steps.push(step)
  trace.add(first ? { ...step, values: { ...step.values, begins: 'run' } } : step)
}

function trouble(key: string, code = ''): void {
  const note = find('#trouble')
  note.textContent = say(words, key, { code })
  note.hidden = false
}

/** The page gets a moment to wipe its state. */
function shut(): void {
  const page = opened.findLast(({ run }) => run === 'framed')
  const frame = find('#frame').firstElementChild
  if (page && frame) {
    page.leave = () => frame.remove()
    tell(page.window, page.origin, { demo: 'leave' })
    setTimeout(page.leave, 1000)
  }
  find('#sheet').hidden = true
  find('#home').inert = false
  find('#open').focus()
}

function pageIn(target: Window, origin: string, run: Run): Opened {
  const page: Opened = { window: target, origin, run, ready: false, steps: [] }
  opened.push(page)
  return page
}

interface Configuration {
  h5Url: string
  pageOrigin: string
}

async function configuration(): Promise<Configuration> {
  const response = await fetch('/demo/config')
  const { h5Url } = (await response.json()) as { h5Url: string }
  return { h5Url, pageOrigin: new URL(h5Url).origin }
}
