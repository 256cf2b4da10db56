import { describe, expect, test } from "bun:test";

import {
  expectedIn,
  meetsPolicy,
  type Policy,
  type RegionExpect,
  verdictOf,
} from "../../src/domain/expectation.ts";
import { random } from "../support/random.ts";

describe("expectedIn", () => {
  test.each<[RegionExpect, string | undefined, string | undefined]>([
    [{ "eu-*": "pass", "us-*": "fail" }, "us-east-1", "fail"],
    [{ "eu-*": "pass", "us-*": "fail" }, "ap-south-1", undefined],
    [{ "*": "pass", "us-*": "fail" }, "us-east-1", "pass"],
    [{ "us-east-?": "fail", "*": "pass" }, "us-east-1", "fail"],
    [{ "us-east-?": "fail", "*": "pass" }, "us-east-12", "pass"],
    [{ "*": "fail" }, undefined, "fail"],
    [{ "?*": "fail" }, undefined, undefined],
    [{}, "eu", undefined],
  ])("%j in %p: %p", (globs, region, status) => {
    expect(expectedIn(globs, region)).toBe(status as never);
  });
});

test("an error never is what was expected", () => {
  expect(verdictOf("error", "pass")).toBe("unexpected");
  expect(verdictOf("error", "fail")).toBe("unexpected");
  expect(verdictOf("fail", "fail")).toBe("expected");
  expect(verdictOf("pass", "fail")).toBe("unexpected");
});

describe("meetsPolicy", () => {
  test.each<[Policy, number, number, boolean]>([
    ["all", 3, 3, true],
    ["all", 2, 3, false],
    ["any", 1, 3, true],
    ["any", 0, 3, false],
    ["majority", 2, 3, true],
    ["majority", 2, 4, false],
    ["majority", 3, 4, true],
    [{ atLeast: 2 }, 2, 5, true],
    [{ atLeast: 2 }, 1, 5, false],
  ])("%j with %d of %d: %p", (policy, expected, regions, met) => {
    expect(meetsPolicy(policy, expected, regions)).toBe(met);
  });

  test("one more region as expected never breaks what was met", () => {
    const seed = random.seed();
    const { integer, pick } = random(seed);
    for (let round = 0; round < 2_000; round++) {
      const regions = integer(1, 9);
      const expected = integer(0, regions - 1);
      const policy = pick<Policy>(["all", "any", "majority", { atLeast: integer(1, 9) }]);
      if (!meetsPolicy(policy, expected, regions)) continue;
      const again = meetsPolicy(policy, expected + 1, regions);
      expect([seed, policy, expected, regions, again]).toEqual([
        seed,
        policy,
        expected,
        regions,
        true,
      ]);
    }
  });
});
