/**
 * From TypeBox validation errors to the faults of a problem: every fault, once per place, in words
 * that name the field and never repeat the submitted value.
 */
import type { TSchema } from "@sinclair/typebox";
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

type Words = (schema: TSchema, path: string) => string;

const WORDS: Readonly<Partial<Record<ValueErrorType, Words>>> = {
  [ValueErrorType.ObjectAdditionalProperties]: (_, path) => `Unknown field "${fieldName(path)}".`,
  [ValueErrorType.ObjectRequiredProperty]: (_, path) => `Field "${fieldName(path)}" is missing.`,
  [ValueErrorType.Object]: () => "Must be an object.",
  [ValueErrorType.Array]: () => "Must be an array.",
  [ValueErrorType.ArrayMinItems]: ({ minItems }) => `Needs at least ${counted(minItems, "item")}.`,
  [ValueErrorType.ArrayMaxItems]: ({ maxItems }) =>
    `May have at most ${counted(maxItems, "item")}.`,
  [ValueErrorType.String]: () => "Must be a string.",
  [ValueErrorType.StringPattern]: ({ error }) =>
    String(error ?? "Has characters that are not allowed here."),
  [ValueErrorType.StringMinLength]: ({ minLength }) =>
    minLength === 1
      ? "Must not be empty."
      : `Must have at least ${counted(minLength, "character")}.`,
  [ValueErrorType.StringMaxLength]: ({ maxLength }) =>
    `May have at most ${counted(maxLength, "character")}.`,
  [ValueErrorType.Boolean]: () => "Must be true or false.",
  [ValueErrorType.Integer]: () => "Must be an integer.",
  [ValueErrorType.IntegerMinimum]: ({ minimum }) => `Must be at least ${minimum}.`,
  [ValueErrorType.IntegerMaximum]: ({ maximum }) => `Must be at most ${maximum}.`,
  [ValueErrorType.Union]: ({ anyOf, error }) => {
    if (typeof error === "string") return error;
    const allowed = (anyOf as { const?: unknown }[]).map((one) => JSON.stringify(one.const));
    return `Must be one of ${allowed.join(", ")}.`;
  },
};

function message({ message: fallback, path, schema, type }: ValueError): string {
  return WORDS[type]?.(schema, path) ?? `${fallback}.`;
}

function counted(count: unknown, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function fieldName(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.replaceAll("~1", "/").replaceAll("~0", "~");
}
