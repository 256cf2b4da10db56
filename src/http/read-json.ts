/**
 * Reads a JSON request body: the media type and the size are checked, and what JSON.parse returned
 * is safe to keep.
 */
import type { TSchema } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";

import { AppError } from "../domain/errors.ts";
import { jsonFault } from "../lib/json.ts";
import { once } from "../lib/once.ts";
import { nextTurn } from "../lib/turn.ts";
import { schemaFaults } from "./schema-faults.ts";

/** A body from this size on gives its memory back at once, and others have their turn. */
const LARGE_BODY = 1024 ** 2;

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
  const announced = request.headers.get("content-length");
  refuseLarger(Number(announced ?? 0), maxBytes);
  try {
    if (announced === null) return await readUnannounced(request, maxBytes);
    // No server lets more come than was announced: in one piece it leaves no garbage.
    const bytes = await request.bytes();
    refuseLarger(bytes.length, maxBytes);
    return bytes;
  } catch (error) {
    // Whoever sent it is gone, or sent what is no HTTP; a defect of the server it is not.
    if (!request.signal.aborted) throw error;
    throw new AppError("malformed_json", "The body was not sent to its end.", { cause: error });
  }
}

/** Counts the bytes as they arrive. */
async function readUnannounced({ body }: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    refuseLarger(size, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function refuseLarger(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new AppError("payload_too_large", `The body is larger than ${maxBytes} bytes.`);
}

async function safeValue(bytes: Uint8Array): Promise<unknown> {
  const large = bytes.length >= LARGE_BODY;
  const text = decode(bytes);
  // The collector does not see how much of it there is, and would take its time.
  if (large) (bytes.buffer as ArrayBuffer).transfer(0);
  const value = parse(text);
  if (large) await nextTurn();
  const fault = jsonFault(value, text);
  if (fault)
    throw new AppError("invalid_request", "The request is not valid.", { faults: [fault] });
  return value;
}

/**
 * A check of parsed bodies against a schema, run before the framework's own: that one throws on
 * some values when it describes them.
 */
export function bodyCheck(schema: TSchema): (body: unknown) => unknown {
  const compiled = once(() => TypeCompiler.Compile(schema));
  return (body) => {
    const check = compiled();
    if (check.Check(body)) return body;
    const faults = schemaFaults(check.Errors(body));
    throw new AppError("invalid_request", "The request is not valid.", { faults });
  };
}

/**
 * The same schema for a body that `bodyCheck` has seen: the framework does not look through it once
 * more. What tells it so is not shown in the document.
 */
export function checkedBody<Schema extends TSchema>(schema: Schema): Schema {
  return Object.defineProperty({ ...schema }, "noValidate", { value: true });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new AppError("malformed_json", "The body is not valid UTF-8.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("malformed_json", "The body is not valid JSON.");
  }
}
