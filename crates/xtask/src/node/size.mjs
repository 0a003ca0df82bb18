// Prints the brotli size of each entry of the npm packages. Run by `cargo xtask size`.
// 1 KB = 1000 bytes; brotli quality 11, window 2^22; JS bundled and minified by esbuild, its module beside it.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { build, transformSync } from 'esbuild'

// `barKb` is where a package ought to be; `budgetKb` is where it is, and the run fails above it. A budget only ever goes
// down: whoever saves something lowers it.
const packages = [
  { name: 'h5', barKb: 60, budgetKb: 90, conditions: ['browser'] },
  { name: 'edge', barKb: 70, budgetKb: 113, conditions: ['workerd'] },
]

// The edge module runs where none of this exists; its glue must not know the words.
const absentFromEdge =
  /\b(document|window|indexedDB|localStorage|sessionStorage|XMLHttpRequest|fetch|Storage)\b/g

function brotli(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 22,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  }
  return brotliCompressSync(bytes, { params }).length
}

/** JavaScript without its comments. */
function code(text) {
  return transformSync(text, { minifyWhitespace: true, legalComments: 'none' }).code
}

/** Subpaths of a package that are JavaScript. */
function entries(directory) {
  const { exports } = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'))
  return Object.keys(exports).filter((path) => !/\.(json|wasm|css)$/.test(path))
}

/** The bytes of JS that a bundler ships for `source` before anything is imported lazily, and after. */
async function bundle(source, { conditions }) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    conditions,
    external: ['cloudflare:*', 'node:*', '*.wasm'],
    outdir: 'out',
    write: false,
    metafile: true,
    logLevel: 'warning',
  })
  const bytes = new Map(outputFiles.map((file) => [basename(file.path), file.contents]))
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, it]) => [basename(path), it]),
  )
  const first = [...outputs].find(([, output]) => output.entryPoint)[0]
  const eager = new Set([first])
  for (const name of eager) {
    for (const { path, kind } of outputs.get(name).imports) {
      if (kind === 'import-statement' && outputs.has(basename(path))) eager.add(basename(path))
    }
  }
  const sum = (names) => names.reduce((total, name) => total + brotli(bytes.get(name)), 0)
  const lazy = [...outputs.keys()].filter((name) => !eager.has(name))
  return { eager: sum([...eager]), lazy: sum(lazy), usesWasm: holdsGlue(metafile) }
}

/** Whether the bundle holds the glue, and so needs the module. */
function holdsGlue(metafile) {
  return Object.keys(metafile.inputs).some((path) => path.endsWith('_bg.js'))
}

const kb = (bytes) => (bytes / 1000).toFixed(1).padStart(7)
let good = true

for (const item of packages) {
  const directory = `npm/${item.name}`
  const module = readFileSync(`${directory}/dist/wasm/lingpai_${item.name}_bg.wasm`)
  const wasm = brotli(module)
  const glue = code(readFileSync(`${directory}/dist/wasm/lingpai_${item.name}_bg.js`, 'utf8'))
  const budget = item.budgetKb * 1000
  const paths = entries(directory)
  const specifier = (path) => `@lingpai/${item.name}${path.slice(1)}`
  const star = (path, index) => `export * as e${index} from '${specifier(path)}'\n`
  const rows = paths.map((path) => [specifier(path), star(path, 0)])
  if (paths.length > 1) rows.push([`all of @lingpai/${item.name}`, paths.map(star).join('')])

  console.log(
    `\n@lingpai/${item.name}: budget ${item.budgetKb} KB brotli (bar ${item.barKb} KB), module ${module.length} bytes`,
  )
  console.log(
    `  ${'entry'.padEnd(26)}${'JS'.padStart(7)}${'WASM'.padStart(7)}${'sum'.padStart(7)}${'lazy'.padStart(7)}  KB`,
  )
  for (const [label, source] of rows) {
    const size = await bundle(source, item)
    const shipped = size.usesWasm ? wasm : 0
    const total = size.eager + shipped
    const verdict =
      total > budget ? '  OVER BUDGET' : total > item.barKb * 1000 ? '  above the bar' : ''
    good &&= total <= budget
    console.log(
      `  ${label.padEnd(26)}${kb(size.eager)}${kb(shipped)}${kb(total)}${kb(size.lazy)}${verdict}`,
    )
  }
  if (item.name === 'edge') {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(module)).map(
      ({ name }) => name,
    )
    const found = new Set(
      [...glue.matchAll(absentFromEdge), ...imports.join(' ').matchAll(absentFromEdge)].map(
        ([word]) => word,
      ),
    )
    good &&= found.size === 0
    console.log(
      found.size === 0
        ? '  module and glue name no DOM, fetch or storage'
        : `  BLEED: the glue names ${[...found].join(', ')}`,
    )
  }
}
process.exitCode = good ? 0 : 1
