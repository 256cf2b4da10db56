/**
 * A runner server that executes nothing: it answers one job after the other as its script says, so
 * that failure can be tried without a fleet. Speaks the SDK's wire protocol where the script does
 * not say otherwise.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { Elysia } from "elysia";

import type { Result } from "../domain/result.ts";
import { createApp, safeFetch } from "../http/app.ts";
import { ExecuteBodies } from "../http/execute-bodies.ts";
import {
  type ExecuteAnswer,
  ExecuteRequest,
  runnerNotFound,
  wireResult,
} from "../http/runner-wire.ts";
import type { Log } from "../lib/log.ts";
import { present } from "../lib/present.ts";
import type { Entry } from "./script.ts";

const MOCK_BASE = "/api/runner";

export interface MockRunnerOptions {
  /** What becomes of the jobs, in turn and then from the start again; at least one entry. */
  readonly script: readonly Entry[];
  /** What the server says of its region; that of the request if there is none. */
  readonly region?: string;
  /** Names of the runners offered; every name if absent. */
  readonly runners?: ReadonlySet<string>;
  /** Decides which runners of a `flaky` entry fail. */
  readonly seed: number;
  readonly log: Log;
  /** Lets a connection be silent for as long as its job takes. */
  readonly keepOpen: (request: Request) => void;
}

/** The server as a fetch handler, which never rejects. */
export function mockRunner(options: MockRunnerOptions): (request: Request) => Promise<Response> {
  const { keepOpen, log, runners, script } = options;
  const bodies = new ExecuteBodies(Infinity);
  const chance = chances(options.seed);
  let jobs = 0;
  const routes = new Elysia({ prefix: MOCK_BASE })
    .get("/info", () => Response.json(info(options)))
    .post(
      "/execute",
      async ({ body, request }) => {
        const json = (value: object, status = 200): Response =>
          Response.json(bodies.answer(request, value), { status });
        const missing = body.runners.filter(({ name }) => runners?.has(name) === false);
        if (missing.length > 0) return json(runnerNotFound(missing, [...(runners ?? [])]), 500);
        const entry = script[jobs++ % script.length] as Entry;
        const { runId, url } = body;
        log.info("job", { entry: entry.text, url, runners: body.runners.length, runId });
        keepOpen(request);
        const job = { body, entry, region: options.region ?? body.region, chance };
        return (await misbehaviour(job, request, json)) ?? json(answer(job));
      },
      { body: ExecuteRequest, parse: ({ request }) => bodies.read(request) },
    );
  return safeFetch(createApp(log, `the runners are at ${MOCK_BASE}`).use(routes));
}

interface MockJob {
  readonly body: ExecuteRequest;
  readonly entry: Entry;
  readonly region: string | undefined;
  /** A number from 0 to 1, the next one with each call. */
  readonly chance: () => number;
}

/** What stands for the answer, or undefined if results are to be answered; it may take its time. */
async function misbehaviour(
  { body, entry }: MockJob,
  { signal }: Request,
  json: (value: object, status: number) => Response,
): Promise<Response | undefined> {
  switch (entry.kind) {
    case "hang":
      await aborted(signal);
      return new Response(null, { status: 499 });
    case "slow":
      await sleep(entry.ms, undefined, { signal }).catch(() => {});
      return undefined;
    case "status":
      return statusAnswer(entry.status, entry.retryAfter);
    case "missing":
      return json(runnerNotFound(body.runners, []), 500);
    case "redirect":
      return new Response(null, { status: 302, headers: { location: MOCK_BASE } });
    case "garbage":
      return new Response("<<< not JSON >>>", { headers: { "content-type": "application/json" } });
    case "huge":
      return new Response(endless(), { headers: { "content-type": "application/json" } });
    case "reset":
      return new Response(broken());
    default:
      return undefined;
  }
}

function answer({ body, chance, entry, region }: MockJob): ExecuteAnswer {
  const results = body.runners.map(({ name }) => wireResult(resultOf(name, entry, chance)));
  return {
    ...present({ region: entry.kind === "region" ? entry.region : region, runId: body.runId }),
    results: entry.kind === "short" ? results.slice(0, -1) : results,
  };
}

function resultOf(name: string, entry: Entry, chance: MockJob["chance"]): Result {
  const failed = entry.kind === "fail" || (entry.kind === "flaky" && chance() < entry.chance);
  if (entry.kind === "error") {
    const errorMessage = "The script says error.";
    return { name, status: "error", errorMessage, errorSource: "runner", durationMs: 0 };
  }
  const durationMs = entry.kind === "slow" ? entry.ms : 0;
  return { name, status: failed ? "fail" : "pass", durationMs };
}

function info({ region, runners }: MockRunnerOptions): object {
  const names = runners && [...runners];
  return {
    ...present({ runners: names, count: names?.length, region }),
    usage: {
      method: "POST",
      endpoint: `${MOCK_BASE}/execute`,
      example: { url: "https://example.com", runners: names ?? ["titleTest"] },
    },
  };
}

function statusAnswer(status: number, retryAfter: number | undefined): Response {
  const body = { type: "about:blank", status, detail: `The script says ${status}.` };
  const headers = {
    "content-type": "application/problem+json",
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
  };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Numbers from 0 to 1 that look random, always the same for a seed. */
function chances(seed: number): () => number {
  let drawn = 0;
  return () => Number(Bun.hash.wyhash(String(drawn++), BigInt(seed)) >> 11n) / 2 ** 53;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const SPACES = new Uint8Array(65_536).fill(32);

function endless(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.enqueue(SPACES) });
}

/** A body that fails before its first byte: the connection is closed without an answer. */
function broken(): ReadableStream {
  // Without an error of ours, as the runtime prints whatever error there is.
  return new ReadableStream({ pull: (controller) => controller.error() });
}
