// What the file of visits exports, in the words of CommonJS.
import { redeem, renewVisit } from './redeem'

declare const module: { exports: object }

module.exports = { redeem, renewVisit }
