/**
 * Reads the body of an endpoint's answer, never more than a limit: counted after decompression,
 * so that a small answer cannot become a large one.
 */

/** The body as text, or undefined if it is larger than `maxBytes` (the rest is not read). */
export async function readBody(response: Response, maxBytes: number): Promise<string | undefined> {
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes) {
    await discard(response);
    return undefined;
  }
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body, which frees the connection's slot.
    if (size > maxBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Gives up an unread body: an unread one would hold its slot in Bun's pool for ever. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}
