import { campaignIn } from './campaign.js'
import { clocksIn } from './clocks.js'
import { crowdsIn } from './crowd.js'
import { failuresIn } from './failures.js'
import { hungIn } from './hung.js'
import { intrudersIn } from './intruders.js'
import { producersIn } from './producers.js'
import { rivalsIn } from './rivals.js'
import { servicesIn } from './services.js'
import { trapsIn, visitTrapsIn } from './traps.js'
import { turnsIn } from './turns.js'

producersIn('chromium')
failuresIn('chromium')
rivalsIn('chromium')
turnsIn('chromium')
intrudersIn('chromium')
clocksIn('chromium')
servicesIn('chromium')
trapsIn('chromium')
visitTrapsIn('chromium')
hungIn('chromium')
crowdsIn('chromium')
campaignIn('chromium', { everyKill: 6, lanes: 3 })
