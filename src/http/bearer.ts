/**
 * The bearer token of a server: compared in constant time, before anything of a request is read.
 */
import { timingSafeEqual } from "node:crypto";

import { AppError } from "../domain/errors.ts";

/**
 * A hook that throws AppError `unauthorized` unless the request carries `token` (RFC 6750) or is
 * for one of the paths `open`. Without a token every request may pass.
 */
export function bearerCheck(token: string | undefined, open: readonly string[]) {
  const expected = token === undefined ? undefined : digest(token);
  return ({ request }: { readonly request: Request }): void => {
    if (!expected || open.includes(new URL(request.url).pathname)) return;
    const [, given] = /^bearer (.+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
    throw new AppError("unauthorized", "A valid bearer token is needed.");
  };
}

/** Of equal length whatever the token's, as the comparison needs it. */
function digest(text: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}
