import { campaignIn } from './campaign.js'
import { failuresIn } from './failures.js'
import { intrudersIn } from './intruders.js'
import { producersIn } from './producers.js'
import { rivalsIn } from './rivals.js'

producersIn('chromium')
failuresIn('chromium')
rivalsIn('chromium')
intrudersIn('chromium')
campaignIn('chromium', { everyKill: 6, lanes: 3 })
