/**
 * From TypeBox validation errors to the faults of a problem: every fault, once per place, in words
 * that name the field and never repeat the submitted value.
 */
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { Value } from "@sinclair/typebox/value";

import type { Fault } from "../domain/errors.ts";
import { originalSchema } from "./compiled-later.ts";

/** `errors`: what a TypeBox checker's `Errors(value)` yields. */
export function schemaFaults(errors: Iterable<ValueError>): Fault[] {
  const faults = new Map<string, string>();
  for (const error of detailed(errors)) {
    // A missing field is reported twice: as missing, then as of the wrong type.
    if (!faults.has(error.path)) faults.set(error.path, message(error));
  }
  return Array.from(faults, ([path, text]) => ({ path, message: text }));
}

/** A schema that is compiled later says no more than that it does not fit. */
function* detailed(errors: Iterable<ValueError>): Iterable<ValueError> {
  for (const error of errors) {
    const schema = originalSchema(error.schema);
    if (schema) yield* Value.Errors(schema, error.value);
    else yield error;
  }
}

function message({ message: fallback, path, schema, type }: ValueError): string {
  switch (type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return `Unknown field "${fieldName(path)}".`;
    case ValueErrorType.ObjectRequiredProperty:
      return `Field "${fieldName(path)}" is missing.`;
    case ValueErrorType.StringPattern:
      return String(schema["error"] ?? "Has characters that are not allowed here.");
    case ValueErrorType.Union: {
      if (typeof schema["error"] === "string") return schema["error"];
      const allowed = (schema["anyOf"] as { const?: unknown }[]).map((one) => one.const);
      return `Must be one of ${allowed.map((value) => JSON.stringify(value)).join(", ")}.`;
    }
    case ValueErrorType.ArrayMinItems:
      return `Needs at least ${schema["minItems"]} item.`;
    case ValueErrorType.ArrayMaxItems:
      return `May have at most ${schema["maxItems"]} items.`;
    default:
      return `${fallback}.`;
  }
}

function fieldName(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.replaceAll("~1", "/").replaceAll("~0", "~");
}
