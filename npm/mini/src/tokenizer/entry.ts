// What the tokenizer's file exports, in the words of CommonJS.
import { openTokenizer } from './open'

declare const module: { exports: object }

module.exports = { openTokenizer }
