/** `volley runner` with a certificate of its own: HTTPS for clients of HTTP/1.1 and HTTP/2. */
import { describe, expect, test } from "bun:test";

import { gate } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { runToEnd, start } from "../support/process.ts";
import { Scrape } from "../support/prometheus.ts";
import { CA, CA_FILE, CERT_FILE, KEY_FILE, OTHER_KEY_FILE } from "../support/tls.ts";
import { FIXTURES, hostsOf, startPage } from "./harness.ts";

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

  test("stops the job of a client that resets its stream, and no other", async () => {
    const args = ["--port", "0", "--tls-cert", CERT_FILE, "--tls-key", KEY_FILE];
    const { open, opened } = gate();
    using page = startPage(() => opened);
    await using served = await start({ args: ["runner", FIXTURES, ...args] });
    const active = async (): Promise<number | undefined> => {
      const response = await fetch(`${served.origin}/metrics`, { tls: { ca: CA } });
      return new Scrape(await response.text()).value("volley_runner_jobs_active");
    };
    const session = new Bun.FetchSession({ tls: { ca: CA } });
    const execute = (runner: string, signal?: AbortSignal): Promise<Response> =>
      session.fetch(`${served.origin}/api/runner/execute`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ url: page.url.href, runners: [runner] }),
        protocol: "http2",
        ...(signal === undefined ? {} : { signal }),
      });
    const leaving = new AbortController();
    const left = execute("neverSettles", leaving.signal).catch((error: Error) => error.name);
    const stayed = execute("fetches");
    await eventually("both are executed", async () => (await active()) === 2);
    leaving.abort();
    expect(await left).toBe("AbortError");
    await eventually("one is left", async () => (await active()) === 1);
    open();
    expect(await (await stayed).json()).toMatchObject({ results: [{ status: "pass" }] });
  });

  test("SIGTERM lets a job in flight over HTTP/2 end", async () => {
    const args = ["--port", "0", "--tls-cert", CERT_FILE, "--tls-key", KEY_FILE];
    await using served = await start({ args: ["runner", FIXTURES, ...args] });
    const answer = fetch(`${served.origin}/api/runner/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url, runners: [{ name: "slow", input: { ms: 1_000 } }] }),
      protocol: "http2",
      tls: { ca: CA },
    });
    await eventually("a host runs", () => hostsOf(served.pid)[0]);
    const ended = served.stop();
    expect(await (await answer).json()).toMatchObject({ results: [{ status: "pass" }] });
    expect(await ended).toBe(0);
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
