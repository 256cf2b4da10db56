/** Secrets planted wherever a user or an operator may put one, and looked for everywhere else. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Answer, type ExecuteBody, gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type Api, runToEnd, start } from "../support/process.ts";
import { EventReader } from "../support/sse.ts";
import { serve } from "./serving.ts";

const whsec = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString("base64")}`;

/** By what it is. Each is written in a way of its own, to be looked for by its middle. */
const PLANTED = {
  token: "tok-plantedregion/en+=",
  signing: whsec(7),
  callback: whsec(9),
  password: 'pw "plantedpassword" ü',
  nested: "plantednested-value",
  number: 98_765_432_109,
  elsewhere: "plantedelsewhere",
};

/** What tells of one of them, however it is written. */
const TRACES = [
  "plantedregion",
  PLANTED.signing.slice(6),
  PLANTED.callback.slice(6),
  "plantedpassword",
  "plantednested",
  String(PLANTED.number),
  PLANTED.elsewhere,
];

const input = {
  url: "https://example.com/login",
  user: "planteduser",
  password: PLANTED.password,
  login: { "api-key": { main: PLANTED.nested }, steps: [{ apiKey: PLANTED.number }] },
};

/** Sends back all that was sent, and secrets of its own under names that say so. */
const echo: Answer = ({ body, headers }) => {
  const said = JSON.stringify([...headers, body]);
  return Response.json({
    results: body.runners.map((runner) => ({
      name: said,
      status: "error",
      details: { ...runner, headers: Object.fromEntries(headers), said, cookie: PLANTED.elsewhere },
      errorMessage: `${headers.get("authorization")} ${PLANTED.password}${"x".repeat(9_000)}`,
      logs: [
        { at: new Date().toISOString(), message: said, meta: { Authorization: PLANTED.elsewhere } },
        // Clipped by us, in the middle of a secret.
        { at: new Date().toISOString(), message: `${"x".repeat(8_180)}${PLANTED.password}` },
      ],
    })),
  });
};

function tracesIn(said: Readonly<Record<string, string>>): string[] {
  return Object.entries(said).flatMap(([where, text]) =>
    TRACES.filter((trace) => text.includes(trace)).map((trace) => `${where}: ${trace}`),
  );
}

/** Every file below a folder, as text. */
function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((file) => file.isFile())
      .map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name), "latin1")]),
  );
}

async function answersOf(api: Api, runId: string): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  const reports = ["json", "ndjson", "xml", "ctrf.json", "md", "html", "txt"];
  const paths = ["", "/status", "/callbacks", ...reports.map((format) => `/report.${format}`)];
  for (const path of paths) {
    const response = await fetch(`${api.base}/${runId}${path}`);
    expect([path, response.status]).toEqual([path, 200]);
    said[path] = await response.text();
  }
  for (const path of ["", "/regions", "/spec.json", "/../../metrics"]) {
    said[`of the server: ${path}`] = await (await fetch(api.base + path)).text();
  }
  const events = await new EventReader(await fetch(`${api.base}/${runId}/events`)).rest();
  said["events"] = events.map(({ data }) => data).join("\n");
  return said;
}

const request = (more: object = {}) => ({
  mode: "remote",
  runners: [{ name: "login", region: "eu", input }],
  ...more,
});

describe("volley serve", () => {
  test("shows and keeps no secret that was planted, and uses each", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(echo);
    const told: string[] = [];
    using receiver = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      development: false,
      fetch: async (received) => {
        told.push(JSON.stringify([...received.headers]), await received.text());
        return new Response(PLANTED.elsewhere, { status: 410 });
      },
    });
    const data = join(folder.path, "data");
    await using server = await serve({
      data,
      regions: { eu: { url: endpoint.base, tokenEnv: "EU", signingSecretEnv: "SIGN" } },
      args: ["--callback-secret-env", "HOOK", "--allow-callback-hosts", "127.0.0.1"],
      env: { EU: PLANTED.token, SIGN: PLANTED.signing, HOOK: PLANTED.callback },
    });
    const callbackUrl = `http://127.0.0.1:${receiver.port}/?token=${PLANTED.elsewhere}`;
    const runId = await server.api.submit(request({ runId: "planted", callbackUrl }));
    const summary = await server.api.ended(runId);
    // All of it arrived where it was to go.
    expect(endpoint.received[0]?.body.runners[0]?.input).toEqual(input);
    expect(endpoint.received[0]?.headers.get("authorization")).toBe(`Bearer ${PLANTED.token}`);
    // And came back, else there is nothing to hide.
    expect(JSON.stringify(summary).split("[redacted]").length).toBeGreaterThan(10);
    expect(summary.jobs[0]?.results[0]?.name).toBe("login");
    expect(summary.jobs[0]?.results[0]?.details).toMatchObject({
      input: {
        user: "planteduser",
        password: "[redacted]",
        login: { "api-key": "[redacted]", steps: [{ apiKey: "[redacted]" }] },
      },
      cookie: "[redacted]",
    });
    await eventually("the receiver is told", () => told.length > 0);

    const again = await server.api.post(request({ runId: "planted", callbackUrl }));
    expect(again.status).toBe(200);
    const other = await server.api.post(request({ runId: "planted" }));
    const said = await answersOf(server.api, runId);
    said["problem"] = await other.text();
    expect(other.status).toBe(409);
    const faulty = { ...request(), runners: [{ name: "", region: "eu", input }], more: input };
    said["faulty"] = await (await server.api.post(faulty)).text();
    said["told"] = told.join("\n").replaceAll("webhook-signature", "");
    const copy = join(folder.path, "copy.sqlite");
    await runToEnd({ args: ["backup", copy, "--data", data] });
    await server.stop("SIGKILL");
    Object.assign(said, { log: server.log(), out: server.out() }, filesOf(folder.path));
    expect(Object.keys(said)).toContain("volley.sqlite-wal");
    // A callback URL is kept as it is: it must be called again after a restart.
    const url = new URL(callbackUrl).search;
    for (const [where, text] of Object.entries(said)) said[where] = text.replaceAll(url, "");
    expect(tracesIn(said)).toEqual([]);
  }, 120_000);

  test("carries a sealed secret over a crash and into a rerun, and fails without its key", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    const bodies: ExecuteBody[] = [];
    using endpoint = startEndpoint(async (received) => {
      bodies.push(received.body);
      if (bodies.length === 1) await opened;
      return pass(received);
    });
    const data = join(folder.path, "data");
    const options = { data, regions: { eu: endpoint.base } };
    let runId: string;
    {
      await using server = await serve(options);
      runId = await server.api.submit(request());
      await eventually("the job is dispatched", () => bodies.length === 1);
      await server.stop("SIGKILL");
    }
    open();
    const rerun = async (api: Api): Promise<string> => {
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body: '{"only":"all"}' };
      const response = await fetch(`${api.base}/${runId}/rerun`, init);
      return ((await response.json()) as { runId: string }).runId;
    };
    {
      await using server = await serve(options);
      expect(await server.api.ended(runId)).toMatchObject({ state: "completed" });
      await server.api.ended(await rerun(server.api));
      await server.stop();
    }
    expect(bodies.map(({ runners }) => runners[0]?.input)).toEqual([input, input, input]);
    rmSync(join(data, "volley.key"));
    await using server = await serve(options);
    const summary = await server.api.ended(await rerun(server.api));
    expect(summary.jobs[0]).toMatchObject({
      state: "failed",
      errorCode: "secret_unavailable",
      errorSource: "orchestrator",
    });
    expect(bodies).toHaveLength(3);
    await server.stop();
  }, 120_000);

  test("hides by the names it is given, keeps its key where it is told, or hides nothing", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(echo);
    const options = { regions: { eu: endpoint.base } };
    const key = join(folder.path, "elsewhere", "seal.key");
    mkdirSync(join(folder.path, "elsewhere"));
    const kept = async (name: string, args: readonly string[]) => {
      const data = join(folder.path, name);
      await using server = await serve({ ...options, data, args });
      const summary = await server.api.ended(await server.api.submit(request()));
      await server.stop();
      return { files: filesOf(data), text: JSON.stringify(summary) };
    };
    const some = await kept("some", ["--redact", "user,password", "--seal-key-file", key]);
    expect(Object.keys(some.files).toSorted()).toEqual(["volley.lock", "volley.sqlite"]);
    expect(some.text).not.toMatch(/planteduser|plantedpassword/);
    expect(some.files["volley.sqlite"]).not.toMatch(/planteduser|plantedpassword/);
    expect(some.text).toContain(PLANTED.nested);
    expect(readFileSync(key, "utf8")).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    const none = await kept("none", ["--redact", "off"]);
    expect(none.text).toContain("plantedpassword");
    expect(none.files["volley.sqlite"]).toContain("plantedpassword");
    writeFileSync(key, "no key");
    const { code, stderr } = await runToEnd({
      args: ["serve", "--data", join(folder.path, "none"), "--seal-key-file", key],
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining("does not hold a key")]);
  }, 120_000);
});

describe("volley runner", () => {
  test("neither logs nor answers what stands under a secret name", async () => {
    using folder = temporaryFolder();
    writeFileSync(
      join(folder.path, "login.ts"),
      `export async function login(ctx, input) {
        "use runner";
        ctx.log("signing in with " + input.password, input);
        console.log("printed", JSON.stringify(input));
        setTimeout(() => console.log("late", input.password), 50);
        throw new Error("The page refused " + input.password + " and " + input.login["api-key"].main);
      }`,
    );
    await using runner = await start({
      args: ["runner", folder.path, "--port", "0", "--token-env", "TOKEN"],
      env: { TOKEN: PLANTED.token },
    });
    const response = await fetch(`${runner.origin}/api/runner/execute`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${PLANTED.token}` },
      body: JSON.stringify({ url: input.url, runners: [{ name: "login", input }] }),
    });
    const text = await response.text();
    expect([response.status, text]).toEqual([200, expect.stringContaining("The page refused")]);
    await eventually("it has logged", () => runner.log().includes("late"));
    expect(runner.log()).toContain("signing in with [redacted]");
    await runner.stop();
    expect(tracesIn({ text, log: runner.log() })).toEqual([]);
  }, 120_000);

  test("hides it in local mode, too", async () => {
    using folder = temporaryFolder();
    const runners = join(folder.path, "runners");
    mkdirSync(runners);
    writeFileSync(
      join(runners, "login.ts"),
      `export async function login(ctx, input) {
        "use runner";
        ctx.log("signing in with " + input.password, input);
        return { name: "login", status: "pass", details: { input, cookie: "${PLANTED.elsewhere}" } };
      }`,
    );
    const data = join(folder.path, "data");
    await using server = await serve({ data, args: ["--runners", runners] });
    const body = { mode: "local", runners: [{ name: "login", input }] };
    const summary = await server.api.ended(await server.api.submit(body));
    expect(summary.jobs[0]?.results[0]).toMatchObject({ status: "pass" });
    await server.stop();
    expect(server.log()).toContain("signing in with [redacted]");
    const said = { summary: JSON.stringify(summary), log: server.log(), ...filesOf(data) };
    expect(tracesIn(said)).toEqual([]);
  }, 120_000);
});
