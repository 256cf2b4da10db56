/** Values made from TypeBox schemas, a few of them odd: a seed repeats them. */
import type { TSchema } from "@sinclair/typebox";

import { type Random, random } from "../support/random.ts";

/** Stands inside values that are refused as a whole: an answer that holds it repeats a body. */
export const PLANTED = "hunter2";

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
  "x".repeat(70_000),
  "../../etc/passwd",
  "__proto__",
  "http://[::1",
  "https://user:pass@example.com",
  "javascript:alert(1)",
  "constructor",
  "${7*7}",
  [],
  {},
  [[]],
  [null],
  { url: PLANTED },
];
const ODD_KEYS = ["x", "constructor", "__proto__", "toString", "", "\0"];
const GOOD_STRINGS = ["a", "cookieBannerTest", "eu", "https://example.com", "run-1", "nightly"];
const DAMAGE = ['"', "{", "]", "\u0000", "9".repeat(400), "1e999", "\\ud800", "//"];

export class Fuzz {
  readonly random: Random;

  constructor(seed: number) {
    this.random = random(seed);
  }

  chance(share: number): boolean {
    return this.random.fraction() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    return this.random.pick(items);
  }

  /** A value for the schema; each part is something odd with the probability `oddity`. */
  value(schema: TSchema, oddity: number): unknown {
    if (this.chance(oddity)) return this.pick(ODD);
    const examples = schema["examples"] as readonly unknown[] | undefined;
    if (examples && this.chance(0.4)) return this.pick(examples);
    if (schema["anyOf"]) return this.value(this.pick(schema["anyOf"] as TSchema[]), 0);
    if ("const" in schema) return schema["const"];
    switch (schema["type"]) {
      case "object":
        return this.#object(schema, oddity);
      case "array":
        return Array.from({ length: this.chance(0.03) ? 0 : this.random.integer(1, 3) }, () =>
          this.value(schema["items"] as TSchema, oddity),
        );
      case "integer":
        return this.random.integer(0, 5_000);
      default:
        return this.pick(examples ?? GOOD_STRINGS);
    }
  }

  #object(schema: TSchema, oddity: number): unknown {
    const required = new Set((schema["required"] as string[] | undefined) ?? []);
    const entries = Object.entries((schema["properties"] as Record<string, TSchema>) ?? {})
      .filter(([name]) => this.chance(required.has(name) ? 1 - oddity : 0.85))
      .map(([name, property]): [string, unknown] => [name, this.value(property, oddity)])
      .map(([name, value]) => [name, name === "runId" ? this.#distinct(value) : value]);
    if (this.chance(oddity)) entries.push([this.pick(ODD_KEYS), this.pick(ODD)]);
    return Object.fromEntries(entries);
  }

  /** Else every run after the first would be a conflict. */
  #distinct(runId: unknown): unknown {
    return typeof runId === "string" ? `${runId}-${this.random.integer(0, 1e9)}` : runId;
  }

  /** A body for the schema as text, sometimes damaged. */
  body(schema: TSchema): string {
    const oddity = this.pick([0, 0, 0.02, 0.1, 0.3]);
    let body = JSON.stringify(this.value(schema, oddity)) ?? "";
    if (this.chance(0.05)) body = body.slice(0, this.random.integer(0, body.length));
    if (this.chance(0.05)) {
      const at = this.random.integer(0, body.length);
      body = body.slice(0, at) + this.pick(DAMAGE) + body.slice(at);
    }
    return body;
  }
}
