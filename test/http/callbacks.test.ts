/** callbackUrl of a submit, /callbacks of a run, and sending one again. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Static } from "@sinclair/typebox";

import { CallbackList } from "../../src/domain/callback.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { schemaFaultsOf } from "./schema.ts";
import { problemOf, regions, request, Served } from "./serving.ts";

const folder = temporaryFolder();
const callbackSecretFile = join(folder.path, "secret");
writeFileSync(callbackSecretFile, `whsec_${Buffer.alloc(32, 1).toString("base64")}`);

let endpoint: Endpoint;
let receiver: Bun.Server<undefined>;
let bodies: unknown[] = [];
let status = 200;
let api: Served;
let hook: string;

beforeAll(() => {
  endpoint = startEndpoint();
  receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    fetch: async (received) => {
      bodies.push(await received.json());
      return new Response("an answer that nobody may see", { status });
    },
  });
  hook = `http://127.0.0.1:${receiver.port}/hook`;
  api = new Served({
    regions: regions({ eu: endpoint.base }),
    callbackSecretFile,
    allowCallbackHosts: ["127.0.0.1"],
  });
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  endpoint[Symbol.dispose]();
  await receiver.stop(true);
  folder[Symbol.dispose]();
});

async function callbacks(runId: string): Promise<Static<typeof CallbackList>> {
  const response = await api.get(`/${runId}/callbacks`);
  const list = (await response.json()) as Static<typeof CallbackList>;
  expect(schemaFaultsOf(CallbackList, list)).toEqual([]);
  return list;
}

const settled = (runId: string) =>
  eventually(`the callback of ${runId} is settled`, async () => {
    const [callback] = (await callbacks(runId)).callbacks;
    const open = callback?.state === "waiting" || callback?.state === "pending";
    return !open && callback;
  });

const repeat = (runId: string, callbackId: string) =>
  api.get(`/${runId}/callbacks/${callbackId}/repeat`, { method: "POST" });

describe("callbackUrl", () => {
  test("is told the end of the run, and again on demand", async () => {
    bodies = [];
    const runId = await api.submit(request(["eu"], { callbackUrl: `${hook}?token=t0ken` }));
    const callback = await settled(runId);
    expect(callback).toMatchObject({
      source: "run",
      url: new URL(hook).origin,
      state: "delivered",
      attempts: 1,
    });
    expect(bodies).toMatchObject([{ type: "run.finished", data: { runId, state: "completed" } }]);
    const answer = await repeat(runId, callback.callbackId);
    expect([answer.status, await answer.json()]).toEqual([
      202,
      { runId, callbackId: callback.callbackId },
    ]);
    await eventually("it is told again", () => bodies.length === 2);
    expect(bodies[1]).toEqual(bodies[0]);
    expect(JSON.stringify(await callbacks(runId))).not.toMatch(/t0ken|nobody may see/);
  });

  test("is told of a rerun, too", async () => {
    bodies = [];
    const runId = await api.submit(request(["eu"], { callbackUrl: hook }));
    await settled(runId);
    const again = await api.get(`/${runId}/rerun`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"only":"all"}',
    });
    const { runId: second } = (await again.json()) as { runId: string };
    await settled(second);
    expect(bodies).toMatchObject([
      { data: { runId } },
      { data: { runId: second, parentRunId: runId } },
    ]);
  });

  test("gets no other attempt after 410", async () => {
    status = 410;
    const runId = await api.submit(request(["eu"], { callbackUrl: hook }));
    expect(await settled(runId)).toMatchObject({ state: "failed", attempts: 1, lastStatus: 410 });
    status = 200;
  });

  test.each([
    ["http://10.0.0.1/", 422, "private"],
    ["https://169.254.169.254/latest/meta-data", 422, "metadata"],
    ["https://[::ffff:10.0.0.1]/", 422, "private"],
    ["https://user:hunter2@ci.example/", 422, "user or password"],
    ["http://1.1.1.1/", 422, "https://"],
    ["https://[::1]:8080/", 422, "loopback"],
    ["ftp://ci.example/", 400, "http:// or https://"],
    ["ci.example", 400, "http:// or https://"],
    [`https://ci.example/${"a".repeat(2_048)}`, 400, "2048"],
  ])("of %s is refused when it is submitted", async (callbackUrl, code, why) => {
    const problem = await problemOf(await api.post(request(["eu"], { callbackUrl })));
    expect(problem.status).toBe(code);
    expect(problem.errors).toEqual([
      { path: "/callbackUrl", message: expect.stringContaining(why) as string },
    ]);
  });

  test("is refused by a server that cannot sign", async () => {
    await using unsigned = new Served({ regions: regions({ eu: endpoint.base }) });
    const response = await unsigned.post(request(["eu"], { callbackUrl: hook }));
    expect(await problemOf(response)).toMatchObject({ status: 422, code: "callbacks_unavailable" });
  });
});

describe("the callback URL of the configuration", () => {
  test("is told of every run, wherever it is, and is shown to nobody", async () => {
    bodies = [];
    await using configured = new Served({
      regions: regions({ eu: endpoint.base }),
      callbackSecretFile,
      callbackUrl: `${hook}/t0ken`,
    });
    const runId = await configured.submit(request(["eu"]));
    await configured.ended(runId);
    await eventually("it is told", () => bodies.length === 1);
    const text = await (await configured.get(`/${runId}/callbacks`)).text();
    expect(text).toContain('"configuration"');
    expect(text).not.toContain("hook");
    // It opens nothing for the URLs of runs.
    const own = await configured.post(request(["eu"], { callbackUrl: hook }));
    expect(await problemOf(own)).toMatchObject({ status: 422, code: "callback_refused" });
  });
});

describe("callbackOn: change", () => {
  test("tells what has changed, against the run before", async () => {
    bodies = [];
    let verdict = "pass";
    using site = startEndpoint(() => Response.json({ results: [{ name: "a", status: verdict }] }));
    await using watching = new Served({
      regions: regions({ eu: site.base }),
      callbackSecretFile,
      callbackUrl: hook,
      callbackOn: "change",
    });
    const states: string[] = [];
    for (verdict of ["pass", "pass", "fail", "fail", "pass"]) {
      const runId = await watching.submit(request(["eu"]));
      const state = await eventually(`the callback of ${runId} is settled`, async () => {
        const list = (await (await watching.get(`/${runId}/callbacks`)).json()) as Static<
          typeof CallbackList
        >;
        const known = list.callbacks[0]?.state;
        return known !== "waiting" && known !== "pending" && known;
      });
      states.push(state);
    }
    expect(states).toEqual(["skipped", "skipped", "delivered", "skipped", "delivered"]);
    expect(bodies).toHaveLength(2);
  });
});

describe("the callbacks of a run", () => {
  test("are none without a URL, and not found without a run", async () => {
    const runId = await api.submit(request(["eu"]));
    expect(await callbacks(runId)).toEqual({ runId, callbacks: [] });
    expect(await problemOf(await api.get("/nobody/callbacks"))).toMatchObject({
      status: 404,
      code: "run_not_found",
    });
    expect(await problemOf(await repeat(runId, "nothing"))).toMatchObject({
      status: 404,
      code: "callback_not_found",
    });
  });

  test("are not sent again while they will be sent anyway", async () => {
    using stuck = startEndpoint(() => new Promise<never>(() => {}));
    await using waiting = new Served({
      regions: regions({ eu: stuck.base }),
      callbackSecretFile,
      allowCallbackHosts: ["127.0.0.1"],
    });
    const runId = await waiting.submit(request(["eu"], { callbackUrl: hook }));
    const list = (await (await waiting.get(`/${runId}/callbacks`)).json()) as Static<
      typeof CallbackList
    >;
    expect(list.callbacks).toMatchObject([{ state: "waiting", attempts: 0 }]);
    const path = `/${runId}/callbacks/${list.callbacks[0]?.callbackId}/repeat`;
    expect(await problemOf(await waiting.get(path, { method: "POST" }))).toMatchObject({
      status: 409,
      code: "callback_not_settled",
    });
  });
});
