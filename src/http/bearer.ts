/**
 * The bearer token of a server: compared in constant time, before anything of a request is read.
 */
import { AppError } from "../domain/errors.ts";
import { digestOf, sameDigest } from "../domain/key.ts";

/** The token a request brings (RFC 6750), or undefined. */
export function bearerToken(headers: Headers): string | undefined {
  return /^bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/**
 * A check that throws AppError `unauthorized` unless the request carries `token` or is for one of
 * the paths `open`. Without a token every request may pass.
 */
export function bearerCheck(token: string | undefined, open: readonly string[]) {
  const expected = token === undefined ? undefined : digestOf(token);
  return ({ headers, url }: Request): void => {
    if (!expected || open.includes(new URL(url).pathname)) return;
    const given = bearerToken(headers);
    if (given !== undefined && sameDigest(digestOf(given), expected)) return;
    throw new AppError("unauthorized", "A valid bearer token is needed.");
  };
}
