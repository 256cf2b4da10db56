/**
 * What Playwright says of a page that cannot be opened, as a fault of the page under test with
 * the browser's own code. Pure.
 */
import { RunnerFault } from "../runner-errors.ts";

const MEANINGS: Readonly<Record<string, string>> = {
  ERR_NAME_NOT_RESOLVED: "its host name is unknown",
  ERR_CONNECTION_REFUSED: "nothing listens there",
  ERR_CONNECTION_RESET: "the connection was reset",
  ERR_CONNECTION_CLOSED: "the connection was closed",
  ERR_CONNECTION_TIMED_OUT: "nothing answered in time",
  ERR_TIMED_OUT: "nothing answered in time",
  ERR_EMPTY_RESPONSE: "it answered nothing",
  ERR_TOO_MANY_REDIRECTS: "it redirects without end",
  ERR_ADDRESS_UNREACHABLE: "its address cannot be reached",
  ERR_CERT_DATE_INVALID: "its certificate has expired or is not valid yet",
  ERR_CERT_AUTHORITY_INVALID: "its certificate is not signed by a known authority",
  ERR_CERT_COMMON_NAME_INVALID: "its certificate is for another name",
  ERR_SSL_PROTOCOL_ERROR: "it does not speak TLS properly",
};

/** Playwright is told to wait for this, as the SDK does. */
export const AT_REST = "networkidle";

/** The fault behind an error that page operations threw, if the page is to blame. */
export function navigationFault(error: unknown): RunnerFault | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = Bun.stripANSI(error.message);
  const [, code, url] = /\bnet::(ERR_[A-Z0-9_]+)(?: at (\S+))?/.exec(text) ?? [];
  if (code === undefined) return undefined;
  const meaning = MEANINGS[code];
  const why = meaning === undefined ? code : `${meaning} (${code})`;
  const page = url === undefined ? "The page" : `The page ${url}`;
  return new RunnerFault("navigation_failed", `${page} cannot be opened: ${why}.`, {
    cause: error,
  });
}

/** The fault of a page that was opened and never came to rest. */
export function restlessFault(url: string, ms: number, cause: unknown): RunnerFault {
  const message = `The page ${url} did not come to rest (${AT_REST}) within ${ms} ms.`;
  return new RunnerFault("navigation_failed", message, { cause });
}

/** Whether an operation failed because its page, or the process behind it, is gone. */
export function isGoneError(error: unknown): boolean {
  return (
    error instanceof Error &&
    /has been closed|Target closed|crashed|ERR_ABORTED|frame was detached/i.test(error.message)
  );
}
