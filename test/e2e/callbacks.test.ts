/** Callbacks of the binary: signed, told at least once whatever happens, and refused at a start. */
import { describe, expect, test } from "bun:test";

import { claimedSignature, isSigned, parseSigningKeys } from "../../src/lib/signature.ts";
import { type Endpoint, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type Api, runToEnd } from "../support/process.ts";
import { random } from "../support/random.ts";
import { CA_FILE, TLS } from "../support/tls.ts";
import { jobs, serve } from "./serving.ts";

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const KEYS = parseSigningKeys(SECRET) ?? [];
const ROUNDS = 12;
const SUBMITTERS = 3;

interface Told {
  readonly id: string;
  readonly body: string;
}

/** A receiver that checks signatures, and answers as told. */
class Receiver implements Disposable {
  /** What was answered 2xx, by run. */
  readonly told = new Map<string, Told[]>();
  readonly faults: string[] = [];
  refusals = 0;
  #server: Bun.Server<undefined>;

  constructor(answer: () => Promise<Response> | Response) {
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      development: false,
      fetch: async (request) => {
        const bytes = await request.bytes();
        const claimed = claimedSignature(request.headers);
        if (!claimed || !isSigned(KEYS, claimed, bytes)) this.faults.push("a signature");
        const response = await answer();
        if (!response.ok) {
          this.refusals++;
          return response;
        }
        const body = new TextDecoder().decode(bytes);
        const { runId } = (JSON.parse(body) as { data: { runId: string } }).data;
        this.told.set(runId, [...(this.told.get(runId) ?? []), { id: claimed?.id ?? "", body }]);
        return response;
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/hook`;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

/** Submits runs one after the other until the server is gone; notes those that were accepted. */
async function submitUntilKilled(api: Api, callbackUrl: string, accepted: string[]): Promise<void> {
  for (;;) {
    const runId = `run-${Bun.randomUUIDv7()}`;
    try {
      const response = await api.post(jobs(1, { runId, callbackUrl }));
      if (response.status !== 202) throw new Error(`Submit answered ${response.status}.`);
      await response.text();
      accepted.push(runId);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("Submit")) throw error;
      return;
    }
  }
}

/** A life of a server that ends once so many runs more are accepted. */
async function killRound(
  { data, endpoint, url }: { data: string; endpoint: Endpoint; url: string },
  accepted: string[],
  count: number,
): Promise<void> {
  await using server = await serve(options(data, endpoint));
  const submitting = Array.from({ length: SUBMITTERS }, () =>
    submitUntilKilled(server.api, url, accepted),
  );
  const enough = accepted.length + count;
  await eventually("enough are accepted", () => accepted.length >= enough);
  await server.stop("SIGKILL");
  await Promise.all(submitting);
}

const options = (data: string, endpoint: Endpoint) => ({
  data,
  regions: { eu: endpoint.base },
  args: ["--callback-secret-env", "HOOK_SECRET", "--allow-callback-hosts", "127.0.0.1"],
  env: { HOOK_SECRET: SECRET },
});

describe("volley serve", () => {
  test("tells the end of every accepted run at least once, killed over and over", async () => {
    const seed = random.seed();
    const { fraction, integer } = random(seed);
    using folder = temporaryFolder();
    using endpoint = startEndpoint(async (request) => {
      await Bun.sleep(integer(0, 30));
      return pass(request);
    });
    let gentle = false;
    using receiver: Receiver = new Receiver(async () => {
      await Bun.sleep(integer(0, 20));
      const refused = receiver.refusals === 0 || (!gentle && fraction() < 0.1);
      return new Response(null, { status: refused ? 503 : 204 });
    });
    const parts = { data: folder.path, endpoint, url: receiver.url };
    const accepted: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await killRound(parts, accepted, integer(1, 40));
    }
    gentle = true;
    await using server = await serve(options(folder.path, endpoint));
    const missing = (): string[] => accepted.filter((runId) => !receiver.told.has(runId));
    await eventually(`all is told (seed ${seed})`, () => missing().length === 0);
    expect(receiver.faults).toEqual([]);
    // Else the test says nothing: of retries, of kills between sending and noting it.
    expect(accepted.length).toBeGreaterThan(ROUNDS);
    expect(receiver.refusals).toBeGreaterThan(0);
    for (const runId of accepted) {
      const told = receiver.told.get(runId) ?? [];
      expect([runId, new Set(told.map(({ id }) => id)).size]).toEqual([runId, 1]);
      expect([runId, new Set(told.map(({ body }) => body)).size]).toEqual([runId, 1]);
      const { state } = await server.api.status(runId);
      expect(JSON.parse(told[0]?.body ?? "")).toMatchObject({ data: { runId, state } });
    }
    await server.stop();
  }, 120_000);

  test("keeps trying a receiver that is down, across a restart", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    let up = false;
    using receiver = new Receiver(() => new Response(null, { status: up ? 200 : 502 }));
    const body = jobs(1, { callbackUrl: receiver.url });
    let runId: string;
    {
      await using server = await serve(options(folder.path, endpoint));
      runId = await server.api.submit(body);
      await eventually("it is refused", () => receiver.refusals > 0);
      expect(await server.stop()).toBe(0);
      expect(server.log()).toContain("callback not delivered yet");
    }
    up = true;
    await using server = await serve(options(folder.path, endpoint));
    await eventually("it is told", () => receiver.told.has(runId));
    await eventually("it is noted", async () => {
      const callbacks = await fetch(`${server.api.base}/${runId}/callbacks`);
      return (await callbacks.text()).includes('"delivered"');
    });
    await server.stop();
  }, 120_000);

  test("tells a receiver over HTTPS by the name in its certificate, past any proxy", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    const bodies: string[] = [];
    using receiver = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: TLS,
      development: false,
      fetch: async (request) => {
        bodies.push(`${request.headers.get("host")} ${await request.text()}`);
        return new Response();
      },
    });
    const { env, ...rest } = options(folder.path, endpoint);
    await using server = await serve({
      ...rest,
      args: [...rest.args.slice(0, 2), "--allow-callback-hosts", "localhost"],
      env: { ...env, NODE_EXTRA_CA_CERTS: CA_FILE, HTTPS_PROXY: "http://127.0.0.1:1" },
    });
    const callbackUrl = `https://localhost:${receiver.port}/`;
    const runId = await server.api.submit(jobs(1, { callbackUrl }));
    await eventually("it is told", () => bodies.length === 1);
    expect(bodies[0]).toStartWith(`localhost:${receiver.port} {"type":"run.finished"`);
    expect(bodies[0]).toContain(runId);
    await server.stop();
  }, 120_000);

  test("tells nothing to a receiver whose certificate nobody vouches for", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    using receiver = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: TLS,
      development: false,
      fetch: () => new Response(),
    });
    await using server = await serve(options(folder.path, endpoint));
    const callbackUrl = `https://127.0.0.1:${receiver.port}/`;
    const runId = await server.api.submit(jobs(1, { callbackUrl }));
    const failed = await eventually("it was tried", async () => {
      const response = await fetch(`${server.api.base}/${runId}/callbacks`);
      const { callbacks } = (await response.json()) as { callbacks: { lastError?: string }[] };
      return callbacks[0]?.lastError;
    });
    expect(failed).toBe("The receiver could not be reached (tls_error).");
    await server.stop();
  }, 120_000);

  test.each([
    [["--callback-on", "change"], "--callback-on needs --callback-url"],
    [["--callback-url", "https://ci.example/"], "--callback-url needs --callback-secret-env"],
    [["--callback-secret-env", "WEAK"], "24 to 64 bytes"],
    [["--callback-secret-env", "NONE"], "--callback-secret-env: NONE is not set"],
    [["--allow-callback-hosts", "ci.internal,10.0.0.0/99"], 'must not hold "10.0.0.0/99"'],
    [
      ["--allow-callback-hosts", "*", "--callback-url", "https://ci.example/"],
      '--allow-callback-hosts must not hold "*"\nvolley: --callback-url needs',
    ],
    [["--callback-secret-env", "GOOD", "--callback-url", "ci.example"], "Is not a valid URL"],
    [["--callback-secret-env", "GOOD", "--callback-url", "http://0.0.0.0/"], "no host has"],
  ])("does not start with %j", async (args, why) => {
    const env = { WEAK: "whsec_aaaa", GOOD: SECRET };
    const { code, stderr } = await runToEnd({ args: ["serve", ...args], env });
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(stderr).not.toContain("whsec_a");
  });
});
