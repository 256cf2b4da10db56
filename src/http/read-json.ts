/**
 * Reads a JSON request body: the media type is checked, the size is counted as it arrives, and
 * what JSON.parse returned is safe to keep.
 */
import type { TSchema } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";

import { AppError } from "../domain/errors.ts";
import { jsonFault } from "../lib/json.ts";
import { schemaFaults } from "./schema-faults.ts";

/**
 * The parsed body. `maxBytes`: the largest body, counted in bytes as received. `checkBytes`: sees
 * the body before it is parsed, and may throw. Rejects with AppError `unsupported_media_type`,
 * `payload_too_large`, `malformed_json` or `invalid_request`.
 */
export async function readJson(
  request: Request,
  maxBytes: number,
  checkBytes: (body: Uint8Array) => void = () => {},
): Promise<unknown> {
  checkType(request);
  const bytes = await readBytes(request, maxBytes);
  checkBytes(bytes);
  return safeValue(bytes);
}

/** The same of a body that may be missing, and with it the content type: an empty object then. */
export async function readOptionalJson(request: Request, maxBytes: number): Promise<unknown> {
  const bytes = await readBytes(request, maxBytes);
  if (bytes.length === 0) return {};
  checkType(request);
  return safeValue(bytes);
}

function checkType({ headers }: Request): void {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  throw new AppError("unsupported_media_type", 'The content type must be "application/json".');
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): AppError =>
    new AppError("payload_too_large", `The body is larger than ${maxBytes} bytes.`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    // Whoever sent it is gone, or sent what is no HTTP; a defect of the server it is not.
    if (!request.signal.aborted) throw error;
    throw new AppError("malformed_json", "The body was not sent to its end.", { cause: error });
  }
  return Buffer.concat(chunks, size);
}

function safeValue(bytes: Uint8Array): unknown {
  const value = parse(bytes);
  const fault = jsonFault(value);
  if (fault)
    throw new AppError("invalid_request", "The request is not valid.", { faults: [fault] });
  return value;
}

/**
 * A check of parsed bodies against a schema, run before the framework's own: that one throws on
 * some values when it describes them.
 */
export function bodyCheck(schema: TSchema): (body: unknown) => unknown {
  const check = TypeCompiler.Compile(schema);
  return (body) => {
    if (check.Check(body)) return body;
    const faults = schemaFaults(check.Errors(body));
    throw new AppError("invalid_request", "The request is not valid.", { faults });
  };
}

function parse(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new AppError("malformed_json", "The body is not valid UTF-8.");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("malformed_json", "The body is not valid JSON.");
  }
}
