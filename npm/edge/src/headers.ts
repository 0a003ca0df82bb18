// Headers of responses that are there already.

/** The response with a header added; a copy where its headers cannot be changed, as those of what `fetch` gives. */
export function withHeader(response: Response, name: string, value: string): Response {
  try {
    response.headers.append(name, value)
    return response
  } catch {
    const copy = new Response(response.body, response)
    copy.headers.append(name, value)
    return copy
  }
}
