// Headers of responses that are there already.

/** The response with a header added; a copy where its headers cannot be changed, as those of what `fetch` gives. */
export function withHeader(response: Response, name: string, value: string): Response {
  return withHeaders(response, (headers) => headers.append(name, value))
}

/** The same for whatever `change` does. It may be called twice, the second time with the headers of the copy. */
export function withHeaders(response: Response, change: (headers: Headers) => void): Response {
  try {
    change(response.headers)
    return response
  } catch {
    const copy = new Response(response.body, response)
    change(copy.headers)
    return copy
  }
}
