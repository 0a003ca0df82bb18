// Prints the brotli size of each entry of the npm packages. Run by `cargo xtask size`.
// 1 KB = 1000 bytes; brotli quality 11, window 2^22; JS bundled and minified by esbuild, its module beside it.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { build, transformSync } from 'esbuild'

// `barKb` is where a package ought to be; `budgetKb` is where it is, and the run fails above it. A budget goes down
// with what is saved, and up only for something that was added, with the reason beside it. Entries that need the same module are
// measured together.
const groups = [
  {
    package: 'h5',
    title: 'opens visits',
    except: ['./store', './tokenizer'],
    modules: ['h5'],
    barKb: 60,
    budgetKb: 73,
    conditions: ['browser'],
  },
  // The same where the browser has no Curve25519, or the page is on plain http.
  {
    package: 'h5',
    title: 'opens visits without curves of the browser',
    entries: ['.'],
    modules: ['h5_curves'],
    instead: 'h5_curves',
    barKb: 60,
    budgetKb: 87.5,
    conditions: ['browser'],
  },
  // What a page loads with its first store, or with a visit that outlives its tab.
  {
    package: 'h5',
    title: 'keeps',
    entries: ['./store'],
    modules: ['store'],
    barKb: 60,
    budgetKb: 52,
    conditions: ['browser'],
  },
  // What a page loads with its first tokenizer, and a service from the start.
  {
    package: 'h5',
    title: 'tokenizes',
    entries: ['./tokenizer'],
    modules: ['tokenizer'],
    barKb: 92,
    // A glue that makes instances anew after a trap is taken whole by bundlers: 2 KB. Pauses of a vault that has had too much: 0.4 KB.
    budgetKb: 95,
    conditions: ['browser'],
  },
  {
    package: 'edge',
    title: 'verifies',
    entries: ['.', './hono'],
    modules: ['verify'],
    barKb: 70,
    budgetKb: 70,
    conditions: ['workerd'],
  },
  {
    package: 'edge',
    title: 'issues and verifies',
    except: ['.', './hono'],
    modules: ['edge'],
    barKb: 240,
    // One module for all that a server keeps and issues, so that a Worker bundles one. Beside the authority (105 KB): aliases
    // 17, residency 17, mini-programs 30, the vault 40. No page downloads it.
    budgetKb: 240,
    conditions: ['workerd'],
  },
]

// The edge modules run where none of this exists; their glue must not know the words.
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

/** Subpaths of a group that are JavaScript. */
function entriesOf({ package: name, entries, except = [] }) {
  const { exports } = JSON.parse(readFileSync(`npm/${name}/package.json`, 'utf8'))
  const all = Object.keys(exports).filter((path) => !/\.(json|wasm|css)$/.test(path))
  return all.filter((path) => (entries ? entries.includes(path) : !except.includes(path)))
}

/**
 * The bytes of JS that a bundler ships for `source` before anything is imported lazily, and after. `instead`: the module that comes lazily
 * in place of the one that is there at once.
 */
async function bundle(source, { conditions, instead }) {
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
  const inputsOf = (name) => Object.keys(outputs.get(name).inputs)
  const others = instead ? [...outputs.keys()].filter((it) => isGlueOf(instead, inputsOf(it))) : []
  const eager = new Set([first, ...others])
  for (const name of eager) {
    for (const { path, kind } of outputs.get(name).imports) {
      if (kind === 'import-statement' && outputs.has(basename(path))) eager.add(basename(path))
    }
  }
  const sum = (names) => names.reduce((total, name) => total + brotli(bytes.get(name)), 0)
  const lazy = [...outputs.keys()].filter((name) => !eager.has(name))
  const modules = instead ? [instead] : modulesOf([...eager].flatMap(inputsOf))
  return { eager: sum([...eager]), lazy: sum(lazy), modules }
}

const isGlueOf = (module, inputs) => modulesOf(inputs).includes(module)

/** The modules whose glue is among what is loaded at once, and which are therefore needed. */
function modulesOf(inputs) {
  const names = inputs.map((path) => /lingpai_(\w+)_bg\.js$/.exec(path)?.[1])
  return [...new Set(names.filter(Boolean))]
}

const kb = (bytes) => (bytes / 1000).toFixed(1).padStart(7)
let good = true

for (const group of groups) {
  const { package: name, title, barKb, budgetKb } = group
  const file = (module, suffix) =>
    readFileSync(`npm/${name}/dist/wasm/lingpai_${module}_bg.${suffix}`)
  const paths = entriesOf(group)
  const specifier = (path) => `@lingpai/${name}${path.slice(1)}`
  const star = (path, index) => `export * as e${index} from '${specifier(path)}'\n`
  const rows = paths.map((path) => [specifier(path), star(path, 0)])
  if (paths.length > 1) rows.push(['all of them', paths.map(star).join('')])

  const bytes = group.modules.map((module) => file(module, 'wasm').length).join(' + ')
  console.log(
    `\n@lingpai/${name}${title ? `, what ${title}` : ''}: budget ${budgetKb} KB brotli (bar ${barKb} KB), module ${bytes} bytes`,
  )
  console.log(
    `  ${'entry'.padEnd(26)}${'JS'.padStart(7)}${'WASM'.padStart(7)}${'sum'.padStart(7)}${'lazy'.padStart(7)}  KB`,
  )
  for (const [label, source] of rows) {
    const size = await bundle(source, group)
    const foreign = size.modules.filter((module) => !group.modules.includes(module))
    const shipped = size.modules.reduce((sum, module) => sum + brotli(file(module, 'wasm')), 0)
    const total = size.eager + shipped
    const verdict =
      foreign.length > 0
        ? `  BRINGS the module ${foreign}`
        : total > budgetKb * 1000
          ? '  OVER BUDGET'
          : total > barKb * 1000
            ? '  above the bar'
            : ''
    good &&= total <= budgetKb * 1000 && foreign.length === 0
    console.log(
      `  ${label.padEnd(26)}${kb(size.eager)}${kb(shipped)}${kb(total)}${kb(size.lazy)}${verdict}`,
    )
  }
  if (name === 'edge') good = reachesForNothing(group.modules, file) && good
}

good = (await mini()) && good

/** What a mini-program carries: the script with one of its modules. */
async function mini() {
  const directory = 'npm/mini/dist/miniprogram'
  const later = ['operation.js', 'tokenizer.js', 'visit.js']
  const size = async (file) => {
    const { outputFiles } = await build({
      entryPoints: [`${directory}/${file}`],
      bundle: true,
      minify: true,
      format: 'cjs',
      target: 'es2017',
      external: ['./wasm/*', ...later.map((file) => `./${file}`)],
      write: false,
      logLevel: 'warning',
    })
    return brotli(outputFiles[0].contents)
  }
  // What opens visits comes with a script of its own, and like the JavaScript for where there is no WebAssembly takes the place of the first; a tokenizer comes with
  // its own script and module beside.
  // Visits went from 51 to 51.1 with the check that a peer's key had a part in what was agreed, whoever agreed it, and from 51.5 to 51.8 with
  // exchanges in turn, starts that survive a read that fails, and another instance after a trap: 0.3 in scripts.
  const rows = [
    ['login, requests', 'index.js', 'lingpai_mini.wasm', 30, 30],
    ['and visits', 'index.js', 'lingpai_mini_visit.wasm', 51.8, 51.8, 'visit.js'],
    ['without WebAssembly', 'index.js', 'lingpai_mini_symmetric.js', 39, 39],
    ['a tokenizer, later', 'tokenizer.js', 'lingpai_mini_tokenizer.wasm', 72, 72],
  ]
  let within = true
  for (const [label, entry, file, barKb, budgetKb, beside] of rows) {
    const script = (await size(entry)) + (beside ? await size(beside) : 0)
    const module = readFileSync(`${directory}/wasm/${file}`)
    if (label === rows[0][0]) {
      console.log(
        `\n@lingpai/mini: budget ${budgetKb} KB brotli (bar ${barKb} KB), module ${module.length} bytes`,
      )
      console.log(
        `  ${'entry'.padEnd(26)}${'JS'.padStart(7)}${'module'.padStart(7)}${'sum'.padStart(7)}  KB`,
      )
    }
    const total = script + brotli(module)
    const verdict = total > budgetKb * 1000 ? '  OVER BUDGET' : ''
    within &&= verdict === ''
    console.log(`  ${label.padEnd(26)}${kb(script)}${kb(brotli(module))}${kb(total)}${verdict}`)
  }
  return within
}

/** Whether modules and glue know none of the words. */
function reachesForNothing(modules, file) {
  const found = modules.flatMap((module) => {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(file(module, 'wasm')))
    const text = code(file(module, 'js').toString()) + imports.map(({ name }) => name).join(' ')
    return [...text.matchAll(absentFromEdge)].map(([word]) => word)
  })
  console.log(
    found.length === 0
      ? '  module and glue name no DOM, fetch or storage'
      : `  BLEED: the glue names ${[...new Set(found)].join(', ')}`,
  )
  return found.length === 0
}
process.exitCode = good ? 0 : 1
