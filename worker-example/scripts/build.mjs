// Bundles the demo page into dist/page, the directory that the Worker serves. The packages must have been built.

import { build } from 'esbuild'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('..', import.meta.url))
const from = join(here, 'page')
const to = join(here, 'dist', 'page')
// esbuild leaves `new URL('../wasm/…', import.meta.url)` as it is: the module goes where that leads from /h5/.
const modules = ['h5', 'h5_curves', 'store', 'tokenizer'].map((name) => `lingpai_${name}_bg.wasm`)

// Emptied, not removed: a Worker that is running watches the directory.
await mkdir(to, { recursive: true })
for (const name of await readdir(to)) await rm(join(to, name), { recursive: true })

const common = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
}
await build({ ...common, entryPoints: { app: join(from, 'app/app.ts') }, outdir: to })
// A scene is a page of its own beside the tea club, with the same launch: page/scenes/<name>/{index.html,page.ts,page.css}.
const scenes = (await readdir(join(from, 'scenes'), { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
const inScenes = (file) =>
  Object.fromEntries(
    scenes.map((name) => [`${name}/page`, join(from, 'scenes', name, `page.${file}`)]),
  )
await build({
  ...common,
  entryPoints: {
    ...inScenes('ts'),
    launch: fileURLToPath(import.meta.resolve('@lingpai/h5/launch')),
    page: join(from, 'h5/page.ts'),
    thief: join(from, 'h5/thief.ts'),
  },
  outdir: join(to, 'h5'),
  splitting: true,
})
await build({
  ...common,
  sourcemap: false,
  entryPoints: { app: join(from, 'app/app.css'), h5: join(from, 'h5/h5.css') },
  outdir: to,
})

await build({
  ...common,
  sourcemap: false,
  entryPoints: inScenes('css'),
  outdir: join(to, 'h5'),
})

const files = {
  ...Object.fromEntries(
    scenes.map((name) => [`scenes/${name}/index.html`, `h5/${name}/index.html`]),
  ),
  'app/index.html': 'index.html',
  'h5/index.html': 'h5/index.html',
  'h5/thief.html': 'h5/thief.html',
  'common/seal.svg': 'seal.svg',
}
for (const [source, target] of Object.entries(files))
  await copy(join(from, source), join(to, target))
for (const name of modules) {
  await copy(fileURLToPath(import.meta.resolve(`@lingpai/h5/${name}`)), join(to, 'wasm', name))
}

async function copy(source, target) {
  await mkdir(dirname(target), { recursive: true })
  await cp(source, target)
}
