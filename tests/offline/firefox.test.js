import { campaignIn } from './campaign.js'
import { clocksIn } from './clocks.js'
import { failuresIn } from './failures.js'
import { hungIn } from './hung.js'
import { intrudersIn } from './intruders.js'
import { producersIn } from './producers.js'
import { rivalsIn } from './rivals.js'
import { servicesIn } from './services.js'
import { trapsIn, visitTrapsIn } from './traps.js'
import { turnsIn } from './turns.js'

producersIn('firefox')
failuresIn('firefox')
rivalsIn('firefox')
turnsIn('firefox')
intrudersIn('firefox')
clocksIn('firefox')
servicesIn('firefox')
trapsIn('firefox')
visitTrapsIn('firefox')
hungIn('firefox')
campaignIn('firefox', { everyKill: 10, lanes: 3 })
