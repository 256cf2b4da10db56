import { expect, test } from "bun:test";

import { Warnings } from "../../src/report/warnings.ts";

test("Warnings are told once each, and kept in bounded number whatever endpoints say", () => {
  const warnings = new Warnings({});
  for (let index = 0; index < 100_000; index++) {
    const message = `The endpoint says it is in region "r${index >> 1}".`;
    warnings.add({ region: "eu", regionMismatch: { message } });
  }
  expect(warnings.list().slice(0, 2)).toEqual([
    'eu: The endpoint says it is in region "r0".',
    'eu: The endpoint says it is in region "r1".',
  ]);
  expect(warnings.list()).toHaveLength(20);
  expect(warnings.hidden).toBe(980);
});
