// What an exchange tells its operator. No event holds a code, a token, an id of a person or a secret.
import type { ErrorCode } from '../codes.js'

/** Something that operators want to know. */
export type ExchangeEvent =
  | {
      /** A platform has refused, or could not be asked. */
      type: 'platform_refused'
      clientId: string
      platform: string
      reason: ErrorCode
      /** The platform's own code, or `timeout`, `unreachable`, `unreadable`, `signature`. */
      providerCode?: string
    }
  | {
      /** A platform says that two people with accounts here are one. Both keep their accounts. */
      type: 'link_conflict'
      clientId: string
      platform: string
    }
