import { check } from './service.js'

console.log(JSON.stringify(await check()))
