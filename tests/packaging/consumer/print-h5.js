import { check } from './h5.js'

console.log(JSON.stringify(await check()))
