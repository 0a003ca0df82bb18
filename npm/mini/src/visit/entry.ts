// What the file of visits, and of whom to believe, exports, in the words of CommonJS.
import { trust } from '../trust'
import { redeem, renewVisit } from './redeem'

declare const module: { exports: object }

module.exports = { redeem, renewVisit, trust }
