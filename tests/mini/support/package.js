// What a mini-program's "构建 npm" copies of the package: the directory that `miniprogram` names, as it is.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

import { at } from '../../support/paths.js'

export const manifest = JSON.parse(readFileSync(at('npm/mini/package.json'), 'utf8'))

/** Every file that is copied: path from the package's place in `miniprogram_npm` → content. */
export function copied(directory = at('npm/mini', manifest.miniprogram)) {
  const paths = readdirSync(directory, { recursive: true }).map((path) => join(directory, path))
  const files = paths.filter((path) => statSync(path).isFile())
  return new Map(files.map((path) => [relative(directory, path), readFileSync(path)]))
}
