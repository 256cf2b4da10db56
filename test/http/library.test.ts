/** createOrchestratorHandler as a library: what it touches, what it releases, how it stops. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { StartError } from "../../src/domain/errors.ts";
import {
  createOrchestratorHandler,
  type HandlerOptions,
  type OrchestratorHandler,
} from "../../src/handler.ts";
import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { regions, request, Served } from "./serving.ts";

const URL_OF_API = "http://localhost/api/orchestrator";

function post(handler: OrchestratorHandler, runId: string): Promise<Response> {
  return handler(
    new Request(URL_OF_API, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request(["eu"], { runId })),
    }),
  );
}

describe("createOrchestratorHandler", () => {
  test.each(["/tests", "/v1/api/runs", ""])("serves under basePath %p", async (basePath) => {
    using endpoint = startEndpoint();
    await using api = new Served({ basePath, regions: regions({ eu: endpoint.base }) });
    const ask = (path: string, init?: RequestInit) =>
      api.handler(new Request(`http://localhost${basePath}${path}`, init));
    const response = await ask("", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request(["eu"], { runId: "r1" })),
    });
    expect(response.status).toBe(202);
    expect(response.headers.get("location")).toBe(`${basePath}/r1`);
    await eventually("the run ends", async () => {
      const status = (await (await ask("/r1/status")).json()) as { state: string };
      return status.state === "completed";
    });
    expect(await (await ask("/docs")).text()).toContain(`"${basePath}/docs/init.js"`);
    expect(await (await ask("/docs/init.js")).text()).toContain(`"${basePath}/spec.json"`);
    const { paths } = (await (await ask("/spec.json")).json()) as { paths: object };
    expect(Object.keys(paths)).toContain(`${basePath}/{runId}/status`);
    if (basePath !== "") expect((await api.get("/r1")).status).toBe(404);
  });

  test("installs no process-wide handlers", async () => {
    const events = [
      "SIGTERM",
      "SIGINT",
      "SIGHUP",
      "uncaughtException",
      "unhandledRejection",
      "exit",
      "beforeExit",
    ];
    const counts = () => events.map((event) => process.listenerCount(event));
    const before = counts();
    await using api = new Served();
    await api.get("/run_none");
    expect(counts()).toEqual(before);
  });

  test("refuses a data folder that is in use, and takes it once it is released", async () => {
    using folder = temporaryFolder();
    const open = () => createOrchestratorHandler({ data: folder.path, regions: new Map() });
    const first = open();
    expect(open).toThrow(StartError);
    expect(open).toThrow("already served");
    await first.close();
    const second = open();
    await second.close();
  });

  test("refuses a data folder that cannot be made", () => {
    const data = join(import.meta.path, "below-a-file");
    expect(() => createOrchestratorHandler({ data, regions: new Map() })).toThrow(StartError);
  });

  test("closes twice without harm", async () => {
    using folder = temporaryFolder();
    const handler = createOrchestratorHandler({ data: folder.path, regions: new Map() });
    await handler.close();
    await handler.close();
  });

  test("refuses submits once it is closed", async () => {
    using folder = temporaryFolder();
    const handler = createOrchestratorHandler({ data: folder.path, regions: new Map() });
    await handler.close();
    expect((await post(handler, "late")).status).toBe(503);
  });

  test("answers 503 to reads once it is closed", async () => {
    using folder = temporaryFolder();
    const handler = createOrchestratorHandler({ data: folder.path, regions: new Map() });
    await handler.close();
    for (const path of ["/run_1", "/run_1/status"]) {
      expect((await handler(new Request(`${URL_OF_API}${path}`))).status).toBe(503);
    }
  });

  test("waits on close for what is in flight, and accepts nothing more meanwhile", async () => {
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (asked) => {
      await opened;
      return pass(asked);
    });
    using folder = temporaryFolder();
    const options: HandlerOptions = { data: folder.path, regions: regions({ eu: endpoint.base }) };
    const first = createOrchestratorHandler(options);
    expect((await post(first, "slow")).status).toBe(202);
    await eventually("the job is in flight", () => endpoint.inFlight() === 1);
    const closing = first.close(10_000);
    await eventually("submits are refused", async () => (await post(first, "late")).status === 503);
    open();
    await closing;
    const second = createOrchestratorHandler(options);
    const summary = await second(new Request(`${URL_OF_API}/slow`));
    expect(await summary.json()).toMatchObject({ state: "completed", summary: { passed: 1 } });
    await second.close();
    expect(endpoint.received).toHaveLength(1);
  });

  test("resumes on the next start what a close without patience left", async () => {
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (asked) => {
      if (endpoint.received.length === 1) await opened;
      return pass(asked);
    });
    using folder = temporaryFolder();
    const options: HandlerOptions = { data: folder.path, regions: regions({ eu: endpoint.base }) };
    const first = createOrchestratorHandler(options);
    expect((await post(first, "r1")).status).toBe(202);
    await eventually("the job is in flight", () => endpoint.inFlight() === 1);
    await first.close();
    const second = createOrchestratorHandler(options);
    const ended = await eventually("the run ends", async () => {
      const answer = await second(new Request(`${URL_OF_API}/r1`));
      const summary = (await answer.json()) as { state: string };
      return summary.state === "completed" && summary;
    });
    expect(ended).toMatchObject({ jobs: [{ attempts: 2, state: "completed" }] });
    const keys = endpoint.received.map(({ headers }) => headers.get("idempotency-key"));
    expect(keys).toEqual([keys[0] ?? "", keys[0] ?? ""]);
    open();
    await second.close();
  });
});
