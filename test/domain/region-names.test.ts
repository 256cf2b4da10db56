import { describe, expect, test } from "bun:test";

import { regionsInShort } from "../../src/domain/region-names.ts";

describe("regionsInShort", () => {
  const known = new Set(["eu-1", "eu-2", "us-1", "us-2", "ap-1", "sa"]);
  test.each<[string[], string]>([
    [["eu-1"], "eu-1"],
    [["eu-2", "eu-1"], "all eu-*"],
    [["eu-1", "us-2", "us-1"], "eu-1, all us-*"],
    [["ap-1", "sa"], "ap-1, sa"],
    [[...known], "all regions"],
  ])("%j: %s", (regions, text) => {
    expect(regionsInShort(new Set(regions), known)).toBe(text);
  });

  test("names the only region there is", () => {
    expect(regionsInShort(new Set(["eu-1"]), new Set(["eu-1"]))).toBe("eu-1");
  });
});
