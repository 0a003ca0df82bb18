import { check } from './tokenizer.js'

console.log(JSON.stringify(await check()))
