// Sensitive operations under an alias. Loaded when a page begins its first.
export { beginOperation, claimOperation } from './begin.js'
