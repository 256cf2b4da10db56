/** Whom a dispatch trusts, and what it says of an endpoint that it does not. */
import { describe, expect, test } from "bun:test";

import { askEndpoint } from "../../src/dispatch/endpoint-info.ts";
import { pass, startEndpoint } from "../support/endpoint.ts";
import { CA, TLS } from "../support/tls.ts";
import { dispatcher, job, never, soon } from "./dispatching.ts";

const UNTRUSTED =
  "The endpoint's TLS certificate is not trusted; name its authority in the region's \"ca\" or in NODE_EXTRA_CA_CERTS.";
const monotonic = (): number => performance.now();

describe.each(["http2", "http1.1"] as const)("an endpoint with TLS over %s", (tls) => {
  const http1 = tls === "http1.1";

  test("is trusted if the region's authority vouches for it", async () => {
    using endpoint = startEndpoint(pass, { tls });
    const dispatch = dispatcher({ eu: endpoint.base }, { ca: CA, http1 });
    expect((await soon(dispatch(job("eu"), never()))).state).toBe("completed");
    const info = await askEndpoint({ name: "eu", url: endpoint.base, ca: CA }, monotonic, http1);
    expect(info).toMatchObject({ healthy: true });
  });

  test("is sent nothing if nobody trusted vouches for it", async () => {
    using endpoint = startEndpoint(pass, { tls });
    const dispatch = dispatcher({ eu: endpoint.base }, { http1, token: "s3cr3t-of-eu" });
    expect(await soon(dispatch(job("eu"), never()))).toEqual({
      state: "failed",
      errorSource: "transport",
      errorCode: "tls_error",
      error: UNTRUSTED,
      retry: {},
    });
    const info = await askEndpoint({ name: "eu", url: endpoint.base }, monotonic, http1);
    expect(info).toEqual({ healthy: false, error: UNTRUSTED });
    expect(endpoint.received).toBeEmpty();
  });

  test("is sent nothing if another than the region's authority vouches for it", async () => {
    using endpoint = startEndpoint(pass, { tls });
    // The server's own certificate is no authority's.
    const dispatch = dispatcher({ eu: endpoint.base }, { http1, ca: TLS.cert });
    expect((await soon(dispatch(job("eu"), never()))).errorCode).toBe("tls_error");
    expect(endpoint.received).toBeEmpty();
  });

  test("is sent nothing if its certificate is for another name", async () => {
    using endpoint = startEndpoint(pass, { tls, hostname: "127.0.0.2" });
    const dispatch = dispatcher({ eu: endpoint.base }, { http1, ca: CA });
    expect((await soon(dispatch(job("eu"), never()))).error).toBe(
      "The endpoint's TLS certificate is for another host name than the region's URL has.",
    );
    expect(endpoint.received).toBeEmpty();
  });

  test("that speaks no TLS is named as such", async () => {
    using endpoint = startEndpoint();
    const dispatch = dispatcher({ eu: endpoint.base.replace("http:", "https:") }, { http1 });
    expect(await soon(dispatch(job("eu"), never()))).toMatchObject({
      errorCode: "tls_error",
      error: "The TLS handshake with the endpoint failed; it may not speak TLS on this port.",
    });
    expect(endpoint.received).toBeEmpty();
  });
});
