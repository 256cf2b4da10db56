/** An endpoint that echoes what it was sent must not put its token into what others read. */
import type { Region } from "../domain/region.ts";

/** Shorter ones are no secret, and would be found in text that has nothing to do with them. */
const MIN_TOKEN = 8;

/** JSON text without the token of the region that sent it, however the text spells it. */
export function withoutToken(body: string, { token = "" }: Pick<Region, "token">): string {
  if (token.length < MIN_TOKEN) return body;
  const written = JSON.stringify(token).slice(1, -1);
  return respelt(body).replaceAll(written, "[token]");
}

/** Any character of a JSON string may be escaped; spelt by us, only those that must be are. */
function respelt(body: string): string {
  if (!body.includes("\\")) return body;
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return body;
  }
}
