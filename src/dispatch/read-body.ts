/**
 * Reads the body of an endpoint's answer, never more than a limit, before and after decompression,
 * so that a small answer cannot become a large one.
 */
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";

export type Body =
  | { readonly text: string }
  /** `undecodable`: compressed badly, or in a way nobody knows. */
  | { readonly fault: "too_large" | "undecodable" };

const TOO_LARGE = { fault: "too_large" } as const;
const UNDECODABLE = { fault: "undecodable" } as const;

/**
 * The body as text. `response` must come from a fetch with `decompress: false`: the runtime would
 * decompress all that has arrived before anyone could count it.
 */
export async function readBody(response: Response, maxBytes: number): Promise<Body> {
  const declared = response.headers.get("content-length");
  if (Number(declared ?? 0) > maxBytes) {
    await discard(response);
    return TOO_LARGE;
  }
  const coding = response.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  // No more than was declared is read then: nothing to count, at half the cost of a stream.
  if (isBounded(response) && coding === "") return { text: await response.text() };
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body, which frees the connection's slot.
    if (size > maxBytes) return TOO_LARGE;
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks, size), coding, maxBytes);
}

/** Whether the answer's length is settled by its head. A chunked one ignores what it declares. */
function isBounded({ headers }: Response): boolean {
  return /^\d+$/.test(headers.get("content-length") ?? "") && !headers.has("transfer-encoding");
}

type Decompress = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

/** An endpoint is asked not to compress; a proxy before it may do so nevertheless. */
const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["deflate", promisify(inflate)],
  ["br", promisify(brotliDecompress)],
  ["zstd", promisify(zstdDecompress)],
]);

async function decode(bytes: Buffer, coding: string, maxBytes: number): Promise<Body> {
  if (coding === "" || coding === "identity") return { text: toText(bytes) };
  const decompress = DECOMPRESS.get(coding);
  if (!decompress) return UNDECODABLE;
  try {
    return { text: toText(await decompress(bytes, { maxOutputLength: maxBytes })) };
  } catch (error) {
    const { code } = error as { code?: string };
    return code === "ERR_BUFFER_TOO_LARGE" ? TOO_LARGE : UNDECODABLE;
  }
}

/** Without a byte order mark, and with U+FFFD for what is not UTF-8. */
function toText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Gives up an unread body: an unread one would hold its slot in Bun's pool for ever. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}
