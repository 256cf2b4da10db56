/**
 * Reads the body of an endpoint's answer, never more than a limit, before and after decompression,
 * so that a small answer cannot become a large one.
 */
export interface BodyFault {
  /**
   * `undecodable`: compressed badly, or in a way nobody knows. `redirect`: of no interest, and
   * therefore not read.
   */
  readonly fault: "too_large" | "undecodable" | "redirect";
}

export type Body = string | BodyFault;

const TOO_LARGE: BodyFault = { fault: "too_large" };
const UNDECODABLE: BodyFault = { fault: "undecodable" };
const REDIRECT: BodyFault = { fault: "redirect" };

/**
 * The body as text. `response` must come from a fetch with `decompress: false`: the runtime would
 * decompress all that has arrived before anyone could count it.
 */
export function readBody(response: Response, maxBytes: number): Promise<Body> {
  const { headers, status } = response;
  if (status >= 300 && status < 400) return discarded(response, REDIRECT);
  const declared = headers.get("content-length") ?? "";
  if (Number(declared) > maxBytes) return discarded(response, TOO_LARGE);
  const coding = headers.get("content-encoding");
  // The head settles the length: no more than was declared is read then, so that there is nothing
  // to count, at half the cost of a stream. A chunked answer ignores what it declares.
  const bounded = /^\d+$/.test(declared) && !headers.has("transfer-encoding");
  return bounded && coding === null ? response.text() : readCounted(response, coding, maxBytes);
}

async function readCounted(
  response: Response,
  coding: string | null,
  maxBytes: number,
): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body, which frees the connection's slot.
    if (size > maxBytes) return TOO_LARGE;
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks, size), coding?.trim().toLowerCase() ?? "", maxBytes);
}

async function discarded(response: Response, fault: BodyFault): Promise<BodyFault> {
  await discard(response);
  return fault;
}

type Decompress = (
  bytes: Buffer,
  options: { readonly maxOutputLength: number },
  done: (error: Error | null, text: Buffer) => void,
) => void;
type Coding = "gunzip" | "inflate" | "brotliDecompress" | "zstdDecompress";

/** An endpoint is asked not to compress; a proxy before it may do so nevertheless. */
const DECOMPRESS: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ["gzip", "gunzip"],
  ["x-gzip", "gunzip"],
  ["deflate", "inflate"],
  ["br", "brotliDecompress"],
  ["zstd", "zstdDecompress"],
]);

async function decode(bytes: Buffer, coding: string, maxBytes: number): Promise<Body> {
  if (coding === "" || coding === "identity") return toText(bytes);
  const how = DECOMPRESS.get(coding);
  if (!how) return UNDECODABLE;
  try {
    return toText(await decompressed(bytes, how, maxBytes));
  } catch (error) {
    const { code } = error as { code?: string };
    return code === "ERR_BUFFER_TOO_LARGE" ? TOO_LARGE : UNDECODABLE;
  }
}

async function decompressed(bytes: Buffer, how: Coding, maxOutputLength: number): Promise<Buffer> {
  // Not imported by the module: it brings all streams along, and few processes need it.
  const decompress: Decompress = (await import("node:zlib"))[how];
  return new Promise((resolve, reject) => {
    decompress(bytes, { maxOutputLength }, (error, text) => {
      if (error) reject(error);
      else resolve(text);
    });
  });
}

/** Without a byte order mark, and with U+FFFD for what is not UTF-8. */
function toText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Gives up an unread body: an unread one would hold its slot in Bun's pool for ever. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}
