// Writes docs/offline-comparison.md: what each library makes of each fault. `--browser chromium` (or firefox) measures one
// browser alone and prints it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { format } from 'prettier'

import { at } from '../../support/paths.js'
import { compareIn, subjects } from './run.js'
import { scenarios } from './scenarios.js'

const { values } = parseArgs({ options: { browser: { type: 'string', multiple: true } } })
const browsers = values.browser ?? ['chromium', 'firefox']
const measured = []
for (const browser of browsers) measured.push(await compareIn(browser))

const line = (cells) => `| ${cells.join(' | ')} |`
const said = (result) => {
  if (!result) return '–'
  const { word, remark } = result
  const bad = ['lost', 'hung', 'believed', 'legible', 'twice', 'failed'].includes(word)
  return `${bad ? `**${word}**` : word}${remark ? ` (${remark})` : ''}`
}
const table = (found) =>
  [
    line(['', ...Object.values(subjects)]),
    line(['', ...Object.keys(subjects)].map(() => '---')),
    ...Object.entries(scenarios).map(([name, { title }]) =>
      line([title, ...Object.keys(subjects).map((subject) => said(found[name][subject]))]),
    ),
  ].join('\n')

const sections = measured
  .map(({ version, table: found }) => `## ${version}\n\n${table(found)}`)
  .join('\n\n')
if (values.browser) {
  console.log(await format(sections, { parser: 'markdown' }))
  process.exit()
}

const page = `# Faults, side by side

Written by \`npm run offline:compare --workspace tests\`: the same faults, in real browsers, under a row of each library. Kept:
the row is there. Reported: the caller was told. **Lost**: it was acknowledged, is gone, and nobody said so. **Hung**: the
caller still waited after five seconds. **Believed**: a row that nobody wrote was read. Holds it: the fault
did not come about, since the library keeps its database from being cleared. –: does not apply.

The libraries are asked for what they are for: Firebase Auth’s persistence for a user, auth0-spa-js’ cache in \`localStorage\`
for tokens, localForage for values, workbox-background-sync for requests that wait. None of them promises to survive all of
this; an app that needs it has to know.

${sections}
`
mkdirSync(at('docs'), { recursive: true })
writeFileSync(at('docs/offline-comparison.md'), await format(page, { parser: 'markdown' }))
console.log(at('docs/offline-comparison.md'))
