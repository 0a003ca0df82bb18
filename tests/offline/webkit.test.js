// WebKitGTK without its driver, which keeps nothing and ends with any of the browser's processes; visits alone run under it.
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

producersIn('webkit')
failuresIn('webkit')
rivalsIn('webkit')
turnsIn('webkit')
intrudersIn('webkit')
clocksIn('webkit')
servicesIn('webkit')
trapsIn('webkit')
visitTrapsIn('webkit')
hungIn('webkit')
campaignIn('webkit', { everyKill: 6, lanes: 2, schedules: 30 })
