/** `volley runner` with a certificate of its own: HTTPS for clients of HTTP/1.1 and HTTP/2. */
import { describe, expect, test } from "bun:test";

import { runToEnd, start } from "../support/process.ts";
import { CA, CA_FILE, CERT_FILE, KEY_FILE, OTHER_KEY_FILE } from "../support/tls.ts";
import { FIXTURES } from "./harness.ts";

const url = "http://127.0.0.1/";

describe("volley runner with --tls-cert and --tls-key", () => {
  test("serves every route over HTTP/1.1 and over HTTP/2", async () => {
    const args = ["--port", "0", "--tls-cert", CERT_FILE, "--tls-key", KEY_FILE];
    await using served = await start({ args: ["runner", FIXTURES, "--region", "eu", ...args] });
    expect(served.origin).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    for (const protocol of ["http1.1", "http2"] as const) {
      const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
        fetch(served.origin + path, { ...init, protocol, tls: { ca: CA } });
      const executed = await ask("/api/runner/execute", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ url, runners: [{ name: "seen" }] }),
      });
      expect(await executed.json()).toMatchObject({ region: "eu", results: [{ status: "pass" }] });
      expect(await (await ask("/api/runner/info")).json()).toMatchObject({ region: "eu" });
      expect(await (await ask("/api/runner/docs")).text()).toContain("<html");
      expect(await (await ask("/api/runner/spec.json")).json()).toMatchObject({ openapi: "3.1.1" });
      expect((await ask("/healthz")).status).toBe(200);
      expect((await ask("/readyz")).status).toBe(200);
      expect(await (await ask("/metrics")).text()).toContain("volley_runner_jobs_active");
      expect((await ask("/nothing")).status).toBe(404);
      expect((await ask("/healthz", { method: "DELETE" })).status).toBe(405);
    }
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ["one without the other", ["--tls-cert", CERT_FILE], ["--tls-cert needs --tls-key beside it"]],
    [
      "the other without the one",
      ["--tls-key", KEY_FILE],
      ["--tls-key needs --tls-cert beside it"],
    ],
    [
      "files that cannot be read, both named",
      ["--tls-cert", "/no/cert.pem", "--tls-key", "/no/key.pem"],
      [
        '--tls-cert: "/no/cert.pem" cannot be read: it does not exist',
        '--tls-key: "/no/key.pem" cannot be read: it does not exist',
      ],
    ],
    [
      "files the wrong way round",
      ["--tls-cert", KEY_FILE, "--tls-key", CERT_FILE],
      [
        `--tls-cert: "${KEY_FILE}" holds no PEM certificate`,
        `--tls-key: "${CERT_FILE}" holds no PEM private key`,
      ],
    ],
    [
      "a key of another certificate",
      ["--tls-cert", CERT_FILE, "--tls-key", OTHER_KEY_FILE],
      [`--tls-key: "${OTHER_KEY_FILE}" is not the key of the certificate in "${CERT_FILE}"`],
    ],
    [
      "the certificate of an authority",
      ["--tls-cert", CA_FILE, "--tls-key", KEY_FILE],
      [`--tls-key: "${KEY_FILE}" is not the key of the certificate in "${CA_FILE}"`],
    ],
  ])("refuses %s", async (_what, args, faults) => {
    const ended = await runToEnd({ args: ["runner", FIXTURES, "--port", "0", ...args] });
    expect(ended.stderr).toBe(faults.map((fault) => `volley: ${fault}\n`).join(""));
    expect(ended).toMatchObject({ code: 2, stdout: "" });
  });
});
