/** An orchestrator in this process, on a data folder of its own, asked without a socket. */
import { expect } from "bun:test";

import type { Region } from "../../src/domain/region.ts";
import type { RunSummary } from "../../src/domain/run.ts";
import { createOrchestratorHandler, type HandlerOptions } from "../../src/handler.ts";
import { Problem } from "../../src/http/problem.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { schemaFaultsOf } from "./schema.ts";

export const BASE = "/api/orchestrator";

/** Planted where it must not come out of: an endpoint's token. */
export const TOKEN = "t0ken-that-never-leaves";

/** Regions by name: the same token for each endpoint. */
export function regions(endpoints: Readonly<Record<string, string>>): Map<string, Region> {
  return new Map(
    Object.entries(endpoints).map(([name, url]) => [name, { name, url, token: TOKEN }]),
  );
}

export class Served implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  #closing: Promise<void> | undefined;
  readonly handler: ReturnType<typeof createOrchestratorHandler>;

  constructor(options: HandlerOptions = {}) {
    this.handler = createOrchestratorHandler({
      data: this.#folder.path,
      regions: new Map(),
      ...options,
    });
  }

  /** `path` counts from the API's base. */
  get(path: string, init: RequestInit = {}): Promise<Response> {
    return this.handler(new Request(`http://localhost${BASE}${path}`, init));
  }

  post(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.get("", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  async submit(body: unknown): Promise<string> {
    const response = await this.post(body);
    const text = await response.text();
    if (response.status !== 202) throw new Error(`Submit answered ${response.status}: ${text}`);
    return (JSON.parse(text) as { runId: string }).runId;
  }

  /** The summary of a run once it has ended. */
  ended(runId: string): Promise<RunSummary> {
    return eventually(`run ${runId} ends`, async () => {
      const summary = (await (await this.get(`/${runId}`)).json()) as RunSummary;
      return summary.completedAt !== undefined && summary;
    });
  }

  /** Stops once, however often it is called. */
  close(drainMs = 0): Promise<void> {
    return (this.#closing ??= this.handler.close(drainMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _folder = this.#folder;
    await this.close();
  }
}

/** What no answer may contain: the inside of the server, or a planted secret. */
const LEAKS = [
  TOKEN,
  "hunter2",
  "node_modules",
  "additionalProperties",
  "minItems",
  "SELECT ",
  "INSERT ",
  "TypeBox",
];

/** The problem in an answer, after checking everything that all problems have in common. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  for (const leak of LEAKS) expect(text).not.toContain(leak);
  expect(text).not.toMatch(/\.ts\b|\n|\bat \S+ \(/);
  const problem = JSON.parse(text) as Problem;
  expect(schemaFaultsOf(Problem, problem)).toEqual([]);
  expect(problem.status).toBe(response.status);
  expect(problem.type).toBe("about:blank");
  expect(problem.detail).toMatch(/^[^\n]+\.$/);
  expect(problem.requestId).toBe(response.headers.get("x-request-id") ?? "no header");
  return problem;
}

/** A runner for each region, of one URL. */
export function request(names: readonly string[], more: Readonly<Record<string, unknown>> = {}) {
  const runners = names.map((region) => ({
    name: "cookieBannerTest",
    region,
    input: { url: "https://example.com" },
  }));
  return { runners, mode: "remote", ...more };
}
