/** Checks answers against the domain's schemas, by a strict reading of them. */
import { FormatRegistry, type TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

/** RFC 3339 in UTC with milliseconds: what the API promises of every date-time. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Every place where `value` breaks `schema`, as `path: message`. */
export function schemaFaultsOf(schema: TSchema, value: unknown): string[] {
  FormatRegistry.Set(
    "date-time",
    (text) => TIMESTAMP.test(text) && !Number.isNaN(Date.parse(text)),
  );
  return Array.from(Value.Errors(schema, value), ({ path, message }) => `${path}: ${message}`);
}
