import { describe, expect, test } from "bun:test";

import { Value } from "@sinclair/typebox/value";

import { RunId } from "../../src/domain/run.ts";
import { newId } from "../../src/lib/ids.ts";

describe("newId", () => {
  test("is the prefix and a UUIDv7", () => {
    expect(newId("job")).toMatch(
      /^job_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test("names a run as the API allows", () => {
    expect(Value.Check(RunId, newId("run"))).toBe(true);
  });

  test("never repeats and sorts in the order of its making", () => {
    const ids = Array.from({ length: 10_000 }, () => newId("run"));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });
});
