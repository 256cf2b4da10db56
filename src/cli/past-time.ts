/** A flag for a moment of the past: how long ago it was, or ISO 8601; read as the latter, in UTC. */
import { type Flag, FlagFault, milliseconds } from "../lib/flags.ts";

export function pastTime(about: string): Flag<string | undefined> {
  return { placeholder: "TIME", about, fallback: undefined, parse: isoTime };
}

function isoTime(text: string): string {
  const ago = milliseconds(text);
  const stated = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  const at = Number.isNaN(ago) ? stated : Math.max(0, Date.now() - ago);
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new FlagFault(`must be how long ago, as 24h, or an ISO 8601 time, not "${text}"`);
}
