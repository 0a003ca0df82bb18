// What a platform has to be able to do. Six are ready-made (`hosts/`); any other can be written by hand.

/** A request as the platform is to send it. */
export interface HostRequest {
  url: string
  method: string
  headers: Readonly<Record<string, string>>
  body?: string
  timeoutMs: number
}

/** An answer, whatever its status. */
export interface HostResponse {
  /** The HTTP status; `undefined` where the platform says only that it was a bad one. */
  status: number | undefined
  /** Header fields, names in lower case. */
  headers: Readonly<Record<string, string>>
  /** The body as text. */
  body: string
}

/** The first token, by the platform's rules. */
export interface LoginCode {
  code: string
  /** What the code is, for `subject_token_type`: `urn:x-lingpai:token-type:<kind>-code`. */
  kind: string
}

/** One mini-program platform. All of it may be called without `this`. */
export interface Host {
  /** A short name, such as `wechat`. */
  readonly id: string
  /** Whether bodies of answers with a bad status are kept from the mini-program. */
  readonly hidesErrors: boolean
  /** HTTP methods that the platform can send. */
  readonly methods: readonly string[]
  /** The clock of the device, in milliseconds. It may be wrong. */
  now(): number
  /**
   * Waits. Where the platform freezes the mini-program, that takes longer. Once `unless` has settled nobody waits any more: the
   * timer may be cancelled, and the promise need not settle.
   */
  wait(milliseconds: number, unless?: Promise<unknown>): Promise<void>
  /** Random bytes from a cryptographic source. Left out where the platform has none; never made up. */
  randomBytes?(length: number): Promise<ArrayBuffer>
  /** Sends a request. Resolves for every HTTP status, and rejects with `network_unavailable` where no answer came. */
  request(request: HostRequest): Promise<HostResponse>
  /** Text by key. `set` resolves once it is kept. All reject with `storage_unavailable`. */
  readonly storage: {
    get(key: string): Promise<string | undefined>
    set(key: string, value: string): Promise<void>
    remove(key: string): Promise<void>
  }
  /** A fresh code of the platform's login. */
  login(): Promise<LoginCode>
  /** Calls back whenever the mini-program comes to the front. */
  onShow?: ((listener: () => void) => void) | undefined
  /** Calls back whenever the mini-program goes to the background. Moments later nothing runs any more. */
  onHide?: ((listener: () => void) => void) | undefined
  /** An instance of the module at a path in the code package. Left out where there is no WebAssembly. */
  instantiate?(path: string, imports: object): Promise<unknown>
}
