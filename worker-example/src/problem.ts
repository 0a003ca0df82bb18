// RFC 9457 problem documents for what the routes themselves refuse; the protocol's refusals come from @lingpai/edge.

export function problem(
  status: number,
  error: string,
  title: string,
  more: { detail?: string; code?: string; headers?: Record<string, string> } = {},
): Response {
  const document = {
    type: 'about:blank',
    title,
    status,
    error,
    ...(more.code && { error_description: more.code }),
    ...(more.detail && { detail: more.detail }),
  }
  return new Response(JSON.stringify(document), {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...more.headers,
    },
  })
}
