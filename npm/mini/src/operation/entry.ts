// What the file of operations exports, in the words of CommonJS.
import { beginOperation, claimOperation } from './begin'

declare const module: { exports: object }

module.exports = { beginOperation, claimOperation }
