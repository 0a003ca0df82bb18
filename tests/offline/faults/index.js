// The faults, each as a browser really has it. Where browsers need different means, the difference is in here.
export { contentProcess } from './content_process.js'
export { clearAll, clearDatabases, clearLocalStorage } from './clear.js'
export { corruptDatabases, replaceDatabases } from './corrupt.js'
export { freeze } from './freeze.js'
export { hangDatabase } from './hang.js'
export { crashing, endStorage, killAt } from './kill.js'
export { limitQuota, QUOTA_PREFERENCES } from './quota.js'
