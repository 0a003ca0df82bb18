// The two messages of a bound launch over postMessage.

/** The page asks: its proof key has this thumbprint. */
export interface LaunchRequest {
  type: 'lingpai:launch-request'
  id: string
  thumbprint: string
}

/** The app answers, or declines. */
export interface LaunchAnswer {
  type: 'lingpai:launch-answer'
  id: string
  accessToken?: string
}

/** Whether a message is a launch request. */
export function isLaunchRequest(data: unknown): data is LaunchRequest {
  const { type, id, thumbprint } = (data ?? {}) as Partial<LaunchRequest>
  const wellFormed = typeof id === 'string' && id.length <= 64 && typeof thumbprint === 'string'
  return type === 'lingpai:launch-request' && wellFormed && /^[\w-]{43}$/.test(thumbprint)
}

/** Whether a message is the answer to the request with this id. */
export function isLaunchAnswer(data: unknown, id: string): data is LaunchAnswer {
  const answer = (data ?? {}) as Partial<LaunchAnswer>
  return answer.type === 'lingpai:launch-answer' && answer.id === id
}
