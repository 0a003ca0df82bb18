// Moved: see `keys/index.ts`.
export * from './keys/index.js'
