/** The one table from the runtime's error codes to those of the API. */
import { describe, expect, test } from "bun:test";

import { transportFault } from "../../src/dispatch/transport-fault.ts";

const secret = "http://10.1.2.3:4000/api/runner/execute";
const failure = (code: unknown): Error =>
  Object.assign(new TypeError(`Unable to connect to ${secret}`), { code, path: secret });

describe("transportFault", () => {
  test.each([
    ["ECONNREFUSED", "connection_refused"],
    ["ConnectionRefused", "connection_refused"],
    ["ECONNRESET", "connection_reset"],
    ["ECONNABORTED", "connection_reset"],
    ["ConnectionClosed", "connection_reset"],
    ["EPIPE", "connection_reset"],
    ["ENOTFOUND", "dns_failure"],
    ["EAI_AGAIN", "dns_failure"],
    ["EHOSTUNREACH", "unreachable"],
    ["ENETUNREACH", "unreachable"],
    ["ETIMEDOUT", "unreachable"],
    ["FailedToOpenSocket", "unreachable"],
    ["Malformed_HTTP_Response", "malformed_response"],
    ["InvalidHTTPResponse", "malformed_response"],
    ["InvalidContentLength", "malformed_response"],
    ["ResponseHeadersTooLarge", "malformed_response"],
    ["UnrequestedUpgrade", "malformed_response"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls_error"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "tls_error"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls_error"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "tls_error"],
    ["CERT_HAS_EXPIRED", "tls_error"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls_error"],
    ["HOSTNAME_MISMATCH", "tls_error"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls_error"],
    ["EPROTO", "tls_error"],
    ["HTTP2StreamReset", "connection_reset"],
    ["HTTP2GoAway", "connection_reset"],
    ["HTTP2EnhanceYourCalm", "connection_reset"],
    ["HTTP2RefusedStream", "connection_refused"],
    ["HTTP2ContentLengthMismatch", "malformed_response"],
    ["HTTP2FrameSizeError", "malformed_response"],
    ["HTTP2ProtocolError", "malformed_response"],
    ["HTTP2FlowControlError", "malformed_response"],
    ["HTTP2HeaderListTooLarge", "malformed_response"],
    ["HTTP2CompressionError", "malformed_response"],
    ["SomethingNew", "network_error"],
    ["", "network_error"],
    [23, "network_error"],
    [undefined, "network_error"],
    ["__proto__", "network_error"],
    ["constructor", "network_error"],
  ])("maps %p to %p, in one sentence without the endpoint's address", (code, expected) => {
    const fault = transportFault(failure(code));
    expect(fault.code).toBe(expected);
    expect(fault.error).toMatch(/^The [^\n]+\.$/);
    expect(JSON.stringify(fault)).not.toContain("10.1.2.3");
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["a string", "ECONNRESET"],
    ["an object", {}],
    ["an error", new Error("boom")],
  ])("takes %s, which has no code, as a network error", (_what, error) => {
    expect(transportFault(error)).toEqual({
      code: "network_error",
      error: "The exchange with the endpoint failed.",
    });
  });
});
