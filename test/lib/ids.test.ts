import { describe, expect, test } from "bun:test";

import { Value } from "@sinclair/typebox/value";

import { RunId } from "../../src/domain/run.ts";
import { newId, newIds } from "../../src/lib/ids.ts";

const JOB_ID = /^job_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("newId", () => {
  test("is the prefix and a UUIDv7", () => {
    expect(newId("job")).toMatch(JOB_ID);
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

describe("newIds", () => {
  test("gives each index a UUIDv7 of its own, always the same, in order", () => {
    for (let series = 0; series < 100; series++) {
      const idOf = newIds("job");
      const ids = [0, 1, 2, 15, 16, 255, 1_000, 9_999, 100_000, 1_048_575].map(idOf);
      for (const id of ids) expect(id).toMatch(JOB_ID);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.toSorted()).toEqual(ids);
      expect(idOf(1)).toBe(ids[1]!);
    }
  });

  test("shares none with another series", () => {
    const series = Array.from({ length: 100 }, () => newIds("job"));
    const ids = series.flatMap((idOf) => Array.from({ length: 100 }, (_, index) => idOf(index)));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
