import { expect, test } from "bun:test";

import { once } from "../../src/lib/once.ts";

test("makes a value when it is first asked for, and never again", () => {
  const made: string[] = [];
  const value = once(() => {
    made.push("made");
    return undefined;
  });
  expect(made).toEqual([]);
  expect([value(), value()]).toEqual([undefined, undefined]);
  expect(made).toEqual(["made"]);
});
