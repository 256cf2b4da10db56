/** Orchestrator and runner server over TLS, both as the compiled binary. */
import { describe, expect, test } from "bun:test";

import { FIXTURES } from "../runner/harness.ts";
import { pass, startEndpoint, versionOf } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd, start } from "../support/process.ts";
import { CA_FILE, CERT_FILE, KEY_FILE } from "../support/tls.ts";
import { jobs, serve } from "./serving.ts";

describe("volley serve with https: regions", () => {
  test("runs a runner on volley runner, which its region's authority vouches for", async () => {
    using folder = temporaryFolder();
    const tls = ["--tls-cert", CERT_FILE, "--tls-key", KEY_FILE];
    const runner = ["runner", FIXTURES, "--port", "0", "--region", "eu", ...tls];
    await using served = await start({ args: runner });
    const regions = { eu: { url: `${served.origin}/api/runner`, ca: CA_FILE } };
    await using server = await serve({ data: folder.path, regions });
    const input = { url: "https://example.com/" };
    const runners = [{ name: "seen", region: "eu", input }];
    const runId = await server.api.submit({ runners, mode: "remote" });
    expect(await server.api.ended(runId)).toMatchObject({
      state: "completed",
      summary: { passed: 1 },
    });
    const doctor = await runToEnd({
      args: ["doctor", "--data", folder.path],
      env: { PLAYWRIGHT_RUNNERS: JSON.stringify(regions) },
    });
    expect(doctor.stdout).toMatch(/^ok {4}region eu +answered in \d+ ms; runners: /m);
    expect(doctor.code).toBe(0);
  });

  test.each([
    ["http2", []],
    ["http1.1", ["--http1"]],
  ] as const)("trusts NODE_EXTRA_CA_CERTS over %s", async (version, args) => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(pass, { tls: "http2" });
    const env = { NODE_EXTRA_CA_CERTS: CA_FILE };
    const regions = { eu: endpoint.base };
    await using server = await serve({ data: folder.path, regions, args, env });
    const summary = await server.api.ended(await server.api.submit(jobs(50)));
    expect(summary).toMatchObject({ state: "completed", summary: { passed: 50 } });
    expect(new Set(endpoint.received.map(versionOf))).toEqual(new Set([version]));
  });

  test("trusts nobody it was not told to, and says what to do", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(pass, { tls: "http2" });
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const summary = await server.api.ended(await server.api.submit(jobs(1)));
    expect(summary.jobs[0]).toMatchObject({ state: "failed", errorCode: "tls_error" });
    expect(summary.jobs[0]?.error).toContain("NODE_EXTRA_CA_CERTS");
    expect(endpoint.received).toBeEmpty();
  });

  test("refuses to start with authorities that cannot be read, naming each", async () => {
    using folder = temporaryFolder();
    const regions = {
      a: { url: "https://a.example.com", ca: "/no/such.pem" },
      b: { url: "https://b.example.com", ca: KEY_FILE },
      c: { url: "https://c.example.com", ca: CA_FILE },
    };
    const ended = await runToEnd({
      args: ["serve", "--port", "0", "--data", folder.path],
      env: { PLAYWRIGHT_RUNNERS: JSON.stringify(regions) },
    });
    expect(ended.stderr).toBe(
      [
        'volley: PLAYWRIGHT_RUNNERS region "a" has a "ca" whose file "/no/such.pem" cannot be read: it does not exist\n',
        `volley: PLAYWRIGHT_RUNNERS region "b" has a "ca" whose file "${KEY_FILE}" holds no PEM certificate\n`,
      ].join(""),
    );
    expect(ended.code).toBe(2);
  });
});
