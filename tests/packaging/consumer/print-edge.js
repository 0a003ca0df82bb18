import { check } from './edge.js'

console.log(JSON.stringify(await check()))
