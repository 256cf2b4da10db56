/** What a runner returned as details, and what it logged, as text; pictures in it are named instead of spelled out. */
import type { Result } from "../domain/result.ts";

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?[;,]/;
/** Nothing but base64: safe in an attribute as it is. SVG is left out, being a document. */
const PICTURE = /^data:image\/(?:jpeg|png|gif|webp|avif);base64,[A-Za-z0-9+/=]+$/;

/** Shorter data URLs are as good as any other text. */
const LONG = 256;

export interface Picture {
  /** The field of the details it stands in. */
  readonly name: string;
  readonly url: string;
}

/** The details as JSON; `indent` 0 is one line. Undefined if there are none. */
export function detailsText({ details }: Result, indent: number): string | undefined {
  if (details === undefined) return undefined;
  return JSON.stringify(details, (_key, value: unknown) => named(value), indent);
}

/** The same value with its pictures named instead of spelled out. */
export function withoutPictures(details: unknown): unknown {
  return JSON.parse(JSON.stringify(details, (_key, value: unknown) => named(value)));
}

function named(value: unknown): unknown {
  if (typeof value !== "string" || value.length <= LONG) return value;
  const type = DATA_URL.exec(value);
  return type ? `(${type[1] ?? "text/plain"}, ${size(value)})` : value;
}

function size(url: string): string {
  const length = url.length - url.indexOf(",") - 1;
  const bytes = url.includes(";base64,") ? Math.round((length * 3) / 4) : length;
  return bytes < 1_024 ? `${bytes} bytes` : `${Math.round(bytes / 1_024)} KiB`;
}

/** What the runner logged, a line each. Undefined if it logged nothing. */
export function logText({ logs = [] }: Result): string | undefined {
  if (logs.length === 0) return undefined;
  const lines = logs.map(({ at, message, meta }) =>
    meta === undefined ? `${at} ${message}` : `${at} ${message} ${JSON.stringify(meta)}`,
  );
  return lines.join("\n");
}

/** Pictures that stand directly in the details, such as the `screenshot` of a browser runner. */
export function pictures({ details }: Result): Picture[] {
  if (typeof details !== "object" || details === null) return [];
  return Object.entries(details).flatMap(([name, url]) =>
    typeof url === "string" && PICTURE.test(url) ? [{ name, url }] : [],
  );
}
