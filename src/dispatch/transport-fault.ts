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
const STREAM_RESET = {
  code: "connection_reset",
  error: "The endpoint broke off the exchange (HTTP/2 stream reset).",
};
const STREAM_REFUSED = {
  code: "connection_refused",
  error: "The endpoint takes no further requests (HTTP/2 stream refused).",
};
const TLS = { code: "tls_error", error: "The endpoint's TLS certificate or handshake failed." };
const NO_TLS = {
  code: "tls_error",
  error: "The TLS handshake with the endpoint failed; it may not speak TLS on this port.",
};
const EXPIRED = { code: "tls_error", error: "The endpoint's TLS certificate has expired." };
const OTHER_NAME = {
  code: "tls_error",
  error: "The endpoint's TLS certificate is for another host name than the region's URL has.",
};
const UNTRUSTED = {
  code: "tls_error",
  error:
    "The endpoint's TLS certificate is not trusted; name its authority in the region's \"ca\" or in NODE_EXTRA_CA_CERTS.",
};
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
  ["HTTP2StreamReset", STREAM_RESET],
  ["HTTP2GoAway", RESET],
  ["HTTP2EnhanceYourCalm", RESET],
  ["HTTP2RefusedStream", STREAM_REFUSED],
  ["HTTP2ContentLengthMismatch", MALFORMED],
  ["HTTP2FrameSizeError", MALFORMED],
  ["HTTP2ProtocolError", MALFORMED],
  ["HTTP2FlowControlError", MALFORMED],
  ["HTTP2HeaderListTooLarge", MALFORMED],
  ["HTTP2CompressionError", MALFORMED],
  ["EPROTO", NO_TLS],
  ["CERT_HAS_EXPIRED", EXPIRED],
  ["ERR_TLS_CERT_ALTNAME_INVALID", OTHER_NAME],
  ["HOSTNAME_MISMATCH", OTHER_NAME],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", UNTRUSTED],
  ["SELF_SIGNED_CERT_IN_CHAIN", UNTRUSTED],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNTRUSTED],
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
