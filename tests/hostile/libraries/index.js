// The libraries that are compared, behind one interface:
//
// { name, signatures, supports(case) -> boolean, jws(text, key), jwe?(text, key), keys(text, keys), jwt(options) }
//
// `jws`, `jwe` and `keys` give the payload or reject. `jwt({ issuer, audience, key })` gives a function that takes a token
// of type JWT and gives its claims or throws; everything that a library can check is switched on.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

import { at } from '../../support/paths.js'
import { awsJwtVerify } from './aws_jwt_verify.js'
import { fastJwt } from './fast_jwt.js'
import { hono } from './hono.js'
import { jose } from './jose.js'
import { lingpai } from './lingpai.js'

export const libraries = [lingpai, jose, fastJwt, hono, awsJwtVerify]

/** Name and version, as in a table's head. */
export function titleOf({ name }) {
  return `${name} ${versionOf(name)}`
}

function versionOf(name) {
  const paths = createRequire(import.meta.url).resolve.paths(name)
  for (const path of [...paths, at('node_modules')]) {
    try {
      return JSON.parse(readFileSync(`${path}/${name}/package.json`, 'utf8')).version
    } catch {
      // installed further up
    }
  }
  throw new Error(`${name} is not installed`)
}
