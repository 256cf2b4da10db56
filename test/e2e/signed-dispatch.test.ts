/** Orchestrator and runner server with a signing secret between them, as processes. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd, start } from "../support/process.ts";
import { jobs, serve } from "./serving.ts";

const FIXTURES = join(import.meta.dir, "..", "fixtures", "runners");
const secret = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString("base64")}`;
const OLD = secret(1);
const NEW = secret(2);

const request = {
  mode: "remote",
  runners: [{ name: "echo", region: "eu", input: { url: "http://127.0.0.1/" } }],
};

describe("signed dispatch", () => {
  test("goes through when both sides share a secret, also while it is being replaced", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "secret");
    writeFileSync(file, `${OLD} ${NEW}\n`);
    await using runner = await start({
      args: ["runner", FIXTURES, "--port", "0", "--signing-secret-file", file],
    });
    const endpoint = { url: `${runner.origin}/api/runner`, signingSecretEnv: "EU_SECRET" };
    for (const [index, EU_SECRET] of [OLD, NEW, `${secret(3)} ${NEW}`].entries()) {
      const data = join(folder.path, String(index));
      await using server = await serve({ data, regions: { eu: endpoint }, env: { EU_SECRET } });
      const { state } = await server.api.ended(await server.api.submit(request));
      expect(state).toBe("completed");
      await server.stop();
    }
  }, 120_000);

  test("fails with 401 when the secret is another one, or missing", async () => {
    using folder = temporaryFolder();
    await using runner = await start({
      args: ["runner", FIXTURES, "--port", "0", "--signing-secret-env", "RUNNER_SECRET"],
      env: { RUNNER_SECRET: NEW },
    });
    const url = `${runner.origin}/api/runner`;
    await using server = await serve({
      data: folder.path,
      regions: { old: { url, signingSecretEnv: "EU_SECRET" }, none: url },
      env: { EU_SECRET: OLD },
    });
    const [first] = request.runners;
    const runners = ["old", "none"].map((region) => ({ ...first, region }));
    const summary = await server.api.ended(await server.api.submit({ ...request, runners }));
    expect(summary.jobs.map(({ error, errorCode }) => [errorCode, error])).toEqual([
      ["bad_status", "The endpoint answered HTTP status 401: The signature is not valid."],
      [
        "bad_status",
        "The endpoint answered HTTP status 401: A signature is needed: webhook-id, webhook-timestamp, webhook-signature.",
      ],
    ]);
    await server.stop();
  }, 120_000);

  test("is another message for each attempt, and carries a token from a file", async () => {
    using folder = temporaryFolder();
    const tokenFile = join(folder.path, "token");
    writeFileSync(tokenFile, "t0ken-of-a-file\n");
    using endpoint = startEndpoint(() => new Response(null, { status: 503 }));
    const eu = { url: endpoint.base, tokenFile, signingSecretEnv: "EU_SECRET" };
    const data = join(folder.path, "data");
    await using server = await serve({ data, regions: { eu }, env: { EU_SECRET: OLD } });
    await server.api.ended(await server.api.submit(jobs(1, { retries: 1 })));
    const [one, two] = endpoint.received.map(({ headers }) => headers);
    expect(one?.get("authorization")).toBe("Bearer t0ken-of-a-file");
    expect(one?.get("idempotency-key")).toBe(two?.get("idempotency-key") ?? "");
    expect(one?.get("webhook-id")).toMatch(/^msg_/);
    expect(one?.get("webhook-id")).not.toBe(two?.get("webhook-id") ?? "");
    await server.stop();
  }, 120_000);

  test("does not start with secrets that cannot be used, and shows none", async () => {
    const { code, stderr } = await runToEnd({
      args: ["runner", FIXTURES, "--token-env=A", "--token-file=/b", "--signing-secret-env=SHORT"],
      env: { A: "t0ken", SHORT: "whsec_c2hvcnQ=" },
    });
    expect([code, stderr.split("\n").length]).toEqual([2, 3]);
    expect(stderr).toContain("--token-env and --token-file: give one of them");
    expect(stderr).toContain('--signing-secret-env: SHORT is not "whsec_" and 24 to 64 bytes');
    expect(stderr).not.toMatch(/t0ken|c2hvcnQ/);
    const served = await runToEnd({
      args: ["serve"],
      env: {
        PLAYWRIGHT_RUNNERS: '{"eu":{"url":"http://h","tokenFile":"/no/such"}}',
      },
    });
    expect(served.code).toBe(2);
    expect(served.stderr).toContain(
      '"tokenFile" that cannot be used: the file /no/such cannot be read: it does not exist',
    );
  }, 120_000);
});
