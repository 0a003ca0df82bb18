// Writes docs/conformance.md.
import { mkdirSync, writeFileSync } from 'node:fs'

import { format } from 'prettier'

import { at } from '../support/paths.js'
import { measure, page } from './report.js'

const file = at('docs/conformance.md')
mkdirSync(at('docs'), { recursive: true })
writeFileSync(file, await format(page(await measure()), { parser: 'markdown' }))
console.log(file)
