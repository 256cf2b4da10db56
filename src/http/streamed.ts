/**
 * Text as a response: what is short in one piece, anything longer as fast as it is read, so that
 * neither the text nor a slow reader costs memory.
 */

/** Characters that are gathered before they are sent. */
const PIECE = 65_536;

/** Rejects if the text fails before its first piece is complete. */
export async function streamedText(
  chunks: AsyncIterable<string>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const pieces = gathered(chunks);
  const first = await pieces.next();
  if (first.done) return new Response("", { headers });
  const second = await pieces.next();
  if (second.done) return new Response(first.value, { headers });
  return new Response(pulled([first.value, second.value], pieces), { headers });
}

async function* gathered(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = "";
  for await (const chunk of chunks) {
    piece += chunk;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

/** A stream that produces only as fast as it is read: first what there is, then the rest. */
function pulled(ready: string[], rest: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const value = ready.shift() ?? (await rest.next()).value;
      if (value === undefined) controller.close();
      else controller.enqueue(text.encode(value));
    },
    cancel: () => void rest.return(undefined),
  });
}
