import { describe, expect, test } from "bun:test";

import { Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";

import { compiledLater, originalSchema } from "../../src/http/compiled-later.ts";
import { schemaFaults } from "../../src/http/schema-faults.ts";

const Original = Type.Object(
  { name: Type.String({ pattern: "^[a-z]+$" }), size: Type.Optional(Type.Integer()) },
  { additionalProperties: false, description: "A thing." },
);
const Later = compiledLater(Original);
const original = TypeCompiler.Compile(Original);
const later = TypeCompiler.Compile(Later);

describe("compiledLater", () => {
  test("judges as the schema does, before it is compiled and after", () => {
    const values = [{ name: "a" }, { name: "A" }, { name: "a", size: 1.5 }, { nam: "a" }, null];
    for (let round = 0; round < 10; round += 1) {
      for (const value of values) expect(later.Check(value)).toBe(original.Check(value));
    }
  });

  test("tells every fault that the schema tells", () => {
    const value = { name: "A", size: "1", more: true };
    const faults = schemaFaults(original.Errors(value));
    expect(faults).toHaveLength(3);
    expect(schemaFaults(later.Errors(value))).toEqual(faults);
  });

  test("is the same schema to whoever documents it, and leads back to it", () => {
    expect(JSON.stringify(Later)).toBe(JSON.stringify(Original));
    expect(originalSchema(Later)).toBe(Original);
    expect(originalSchema(Original)).toBeUndefined();
  });
});
