/**
 * Submits made from the RunRequest schema, mostly wrong: whatever comes, the answer is a run or a
 * problem, and never a defect. Seeded: a failure names its seed, which repeats it.
 */
import { describe, expect, test } from "bun:test";

import type { TSchema } from "@sinclair/typebox";

import { RunRequest } from "../../src/domain/run.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { problemOf, regions, Served } from "./serving.ts";

const CASES = 3_000;
const SEED = Number(process.env["VOLLEY_TEST_SEED"] ?? 20_260_101);

/** mulberry32: small, seeded, good enough. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  "",
  "\0",
  "\ud800",
  "x".repeat(200),
  "../../etc/passwd",
  "__proto__",
  "http://[::1",
  "https://user:hunter2@example.com",
  "javascript:alert(1)",
  "constructor",
  "${7*7}",
  [],
  {},
  [[]],
  [null],
  { url: "hunter2" },
];

const GOOD_STRINGS = ["a", "cookieBannerTest", "eu", "https://example.com", "run-1", "nightly"];

class Generator {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  #chance(share: number): boolean {
    return this.#next() < share;
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#next() * items.length)] as Item;
  }

  /** A value for the schema; each part is something odd with a small probability. */
  value(schema: TSchema, oddity: number): unknown {
    if (this.#chance(oddity)) return this.#pick(ODD);
    if (schema["anyOf"]) return this.value(this.#pick(schema["anyOf"] as TSchema[]), 0);
    if ("const" in schema) return schema["const"];
    switch (schema["type"]) {
      case "object":
        return this.#object(schema, oddity);
      case "array":
        return Array.from({ length: Math.ceil(this.#next() * 3) }, () =>
          this.value(schema["items"] as TSchema, oddity),
        );
      case "integer":
        return Math.floor(this.#next() * 5_000);
      default:
        return this.#pick((schema["examples"] as string[] | undefined) ?? GOOD_STRINGS);
    }
  }

  #object(schema: TSchema, oddity: number): unknown {
    const required = new Set((schema["required"] as string[] | undefined) ?? []);
    const entries = Object.entries((schema["properties"] as Record<string, TSchema>) ?? {})
      .filter(([name]) => this.#chance(required.has(name) ? 1 - oddity : 0.85))
      .map(([name, property]): [string, unknown] => [name, this.value(property, oddity)])
      .map(([name, value]) => [name, name === "runId" ? this.#distinct(value) : value]);
    if (this.#chance(oddity)) {
      entries.push([this.#pick(["x", "constructor", "toString", ""]), this.#pick(ODD)]);
    }
    return Object.fromEntries(entries);
  }

  /** Else every run after the first would be a conflict. */
  #distinct(runId: unknown): unknown {
    return typeof runId === "string" ? `${runId}-${Math.floor(this.#next() * 1e9)}` : runId;
  }

  /** The body as text, sometimes damaged, and its content type, sometimes wrong. */
  request(): { body: string; type: string } {
    const oddity = this.#pick([0, 0, 0.02, 0.1, 0.3]);
    let body = JSON.stringify(this.value(RunRequest, oddity)) ?? "";
    if (this.#chance(0.05)) body = body.slice(0, Math.floor(this.#next() * body.length));
    if (this.#chance(0.05)) {
      const at = Math.floor(this.#next() * body.length);
      body =
        body.slice(0, at) +
        this.#pick(['"', "{", "]", "\u0000", "9".repeat(400), "1e999"]) +
        body.slice(at);
    }
    const type = this.#chance(0.97) ? "application/json" : this.#pick(["text/plain", "x", ""]);
    return { body, type };
  }
}

describe("POST /api/orchestrator", () => {
  test(`answers ${CASES} random bodies with a run or a problem (seed ${SEED})`, async () => {
    using endpoint = startEndpoint();
    const base = endpoint.base;
    await using api = new Served({
      regions: regions({ "us-east-1": base, "eu-west-1": base }),
      maxRunTime: 4_000,
    });
    const statuses = new Map<number, number>();
    for (let index = 0; index < CASES; index++) {
      const seed = SEED + index;
      const { body, type } = new Generator(seed).request();
      const response = await api.post(body, { "content-type": type });
      const { status } = response;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 200 || status === 202) {
        const accepted = (await response.json()) as object;
        expect([seed, Object.keys(accepted)]).toEqual([seed, ["runId"]]);
      } else {
        if (![400, 409, 413, 415, 422].includes(status)) throw new Error(`Seed ${seed}: ${status}`);
        const problem = await problemOf(response);
        expect([seed, problem.code]).not.toEqual([seed, "internal"]);
      }
    }
    // A fuzz that never gets in, or never fails, tests nothing.
    for (const status of [202, 400, 415, 422]) {
      expect([status, (statuses.get(status) ?? 0) >= 20]).toEqual([status, true]);
    }
  }, 60_000);
});
