// The module's border, spoken by hand as the example's probe does, so that the suite can call what the package does not export.
'use strict'

module.exports = require('../../../mini-example/pages/probe/border.js')
