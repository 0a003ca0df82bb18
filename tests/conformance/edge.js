// The suite with @lingpai/edge as its library.
import { createVerifier } from '@lingpai/edge'
import * as jose from '@lingpai/edge/jose'

import { conformance } from './suite.js'

export const run = conformance({ createVerifier, jose })
