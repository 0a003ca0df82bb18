// Values of options, checked. What is wrong is a `TypeError` that names the option.
import { isLingpaiError } from './error.js'

/** What is made of an option by the core, whose refusal is wrong usage here. The message never shows a key. */
export function usable<T>(name: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (isLingpaiError(error) && error.code !== 'internal') {
      throw new TypeError(`${name}: ${error.message}`)
    }
    throw error
  }
}

/** Scopes as RFC 6749 §3.3 writes them, possibly none. */
export function scopeText(name: string, value: unknown): string {
  if (typeof value !== 'string' || !/^(?:[!#-[\]-~]+(?: (?!$)|$))*$/.test(value)) {
    throw new TypeError(`${name}: has to be scopes separated by single spaces`)
  }
  return value
}

/** Strings that are not empty, at least one. */
export function texts(name: string, values: unknown): readonly string[] {
  if (!Array.isArray(values) || values.length === 0)
    throw new TypeError(`${name}: give at least one`)
  return values.map((value) => text(name, value))
}

/** A string that is not empty. */
export function text(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(`${name}: has to be a string that is not empty`)
  }
  return value
}

/** A whole number from `least` to `most`. */
export function whole(name: string, value: unknown, most: number, least = 0): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new TypeError(`${name}: has to be a whole number from ${least} to ${most}`)
  }
  return value
}

/** An origin as browsers write it. */
export function origin(name: string, value: unknown): string {
  if (typeof value !== 'string' || !URL.canParse(value) || new URL(value).origin !== value) {
    throw new TypeError(`${name}: has to be an origin like https://api.example`)
  }
  return value
}
