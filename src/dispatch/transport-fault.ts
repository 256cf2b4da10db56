/**
 * What went wrong on the way to an endpoint: one table from the runtime's error codes to ours.
 * The runtime's own message holds the endpoint's URL and is never passed on.
 */
interface Fault {
  readonly code: string;
  readonly error: string;
}

const REFUSED = { code: "connection_refused", error: "The endpoint refused the connection." };
const RESET = { code: "connection_reset", error: "The endpoint closed the connection early." };
const DNS = { code: "dns_failure", error: "The endpoint's host name does not resolve." };
const TLS = { code: "tls_error", error: "The endpoint's TLS certificate or handshake failed." };
const UNREACHABLE = { code: "unreachable", error: "The endpoint's address cannot be reached." };
const MALFORMED = {
  code: "malformed_response",
  error: "The endpoint answered something that is not HTTP.",
};

const FAULTS: ReadonlyMap<string, Fault> = new Map([
  ["ECONNREFUSED", REFUSED],
  ["ConnectionRefused", REFUSED],
  ["ECONNRESET", RESET],
  ["ECONNABORTED", RESET],
  ["ConnectionClosed", RESET],
  ["EPIPE", RESET],
  ["ENOTFOUND", DNS],
  ["EAI_AGAIN", DNS],
  ["EHOSTUNREACH", UNREACHABLE],
  ["ENETUNREACH", UNREACHABLE],
  ["ETIMEDOUT", UNREACHABLE],
  ["FailedToOpenSocket", UNREACHABLE],
  ["Malformed_HTTP_Response", MALFORMED],
  ["InvalidContentLength", MALFORMED],
  ["ResponseHeadersTooLarge", MALFORMED],
  ["InvalidHTTPResponse", MALFORMED],
  ["UnrequestedUpgrade", MALFORMED],
]);

const TLS_CODE = /CERT|SSL|TLS|SELF_SIGNED|VERIFY|ISSUER|HOSTNAME_MISMATCH/i;

/** The fault behind an error that fetch, or reading its body, rejected with. */
export function transportFault(error: unknown): Fault {
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  const known = FAULTS.get(code);
  if (known) return known;
  if (TLS_CODE.test(code)) return TLS;
  return { code: "network_error", error: "The exchange with the endpoint failed." };
}
