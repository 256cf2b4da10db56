import { describe, expect, test } from "bun:test";

import { matchesGlob } from "../../src/lib/glob.ts";
import { random } from "../support/random.ts";

describe("matchesGlob", () => {
  test.each<[string, string, boolean]>([
    ["*", "", true],
    ["*", "eu-west-1", true],
    ["**", "", true],
    ["?", "", false],
    ["", "", true],
    ["", "a", false],
    ["eu-*", "eu-west-1", true],
    ["eu-*", "eu-", true],
    ["eu-*", "eu", false],
    ["eu-*", "us-eu-1", false],
    ["*-1", "eu-west-1", true],
    ["*-1", "eu-west-12", false],
    ["e?-*-1", "eu-west-1", true],
    ["*west*", "eu-west-1", true],
    ["*a*b", "aab", true],
    ["*a*b", "aba", false],
    ["eu.west", "eu-west", false],
    ["EU-*", "eu-west-1", false],
    ["[e]u", "eu", false],
    ["{eu,us}", "eu", false],
  ])("%p on %p: %p", (glob, text, fits) => {
    expect(matchesGlob(glob, text)).toBe(fits);
  });

  test("agrees with a regular expression", () => {
    const seed = random.seed();
    const { integer, pick } = random(seed);
    const textOf = (letters: readonly string[], max: number): string =>
      Array.from({ length: integer(0, max) }, () => pick(letters)).join("");
    for (let round = 0; round < 5_000; round++) {
      const glob = textOf(["a", "b", "*", "?", "."], 8);
      const text = textOf(["a", "b", "."], 10);
      const pattern = glob.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      const fits = new RegExp(`^${pattern}$`).test(text);
      expect([seed, glob, text, matchesGlob(glob, text)]).toEqual([seed, glob, text, fits]);
    }
  });

  test("takes no time on what makes a backtracking matcher hang", () => {
    expect(matchesGlob("*a".repeat(31), "a".repeat(10_000))).toBe(true);
    expect(matchesGlob(`${"*a".repeat(30)}b`, "a".repeat(10_000))).toBe(false);
  });
});
