// Residency rules: data in JSON, checked when they are loaded.
import { engine } from '../engine/full.js'
import type { Resource } from '../engine.js'
import { usable } from '../option-values.js'

/** Which area is home, and where each type of data lives. */
export interface ResidencyRules {
  /** Names of the areas: `a`–`z`, then `a`–`z`, `0`–`9`, `-`, `_`. */
  areas: readonly string[]
  /** The home of everybody to whom no other rule applies. */
  default: string
  /** The types of identifiers, how each is written, and the areas of those that begin in a certain way. No two prefixes overlap. */
  identifiers: readonly {
    type: string
    form: 'e164' | 'email' | 'exact'
    prefixes?: Readonly<Record<string, string>>
  }[]
  /** The areas of declared regions (ISO 3166-1 alpha-2). What was declared counts before how an identifier begins. */
  regions?: Readonly<Record<string, string>>
  /** The types of data. Without an area they live at home and move with the person; with one they are pinned to it. */
  data?: readonly { type: string; area?: string }[]
}

/** Rules at work. */
export interface LoadedRules {
  areas: readonly string[]
  /** An identifier in its one form. Throws a `LingpaiError`. */
  identifier(type: string, text: string): string
  /** The home of whoever has an identifier and declares a region. */
  home(type: string, text: string, region?: string): { area: string; by: string }
  /** The area to which a type of data is pinned. */
  pinned(dataType: string): string | undefined
}

/** Loads rules. What is wrong with them is a `TypeError` that says what. */
export function loadRules(rules: ResidencyRules): LoadedRules {
  const { glue, call, resource } = engine
  const text = JSON.stringify(rules)
  const problem = text === undefined ? 'missing' : call(() => glue.residencyRulesProblem(text))
  if (problem !== undefined) throw new TypeError(`rules: ${problem}`)
  const held: Resource = usable('rules', () =>
    resource(() => glue.residencyRulesNew(text), glue.residencyRulesFree),
  )
  return {
    areas: [...rules.areas],
    identifier: (type, identifier) =>
      held.use((it) => glue.residencyIdentifier(it, type, identifier)),
    home: (type, identifier, region) =>
      JSON.parse(held.use((it) => glue.residencyHome(it, type, identifier, region))) as {
        area: string
        by: string
      },
    pinned: (dataType) => held.use((it) => glue.residencyPlace(it, dataType)) ?? undefined,
  }
}
