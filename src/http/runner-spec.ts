/**
 * The runner server's OpenAPI document with the inputs of its runners, a schema for each. Pure.
 */
import type { OpenApiDocument } from "./docs/spec.ts";

/** `schemas`: JSON Schema by runner. The given document is left as it is. */
export function withInputSchemas(
  document: OpenApiDocument,
  schemas: ReadonlyMap<string, unknown>,
): OpenApiDocument {
  if (schemas.size === 0) return document;
  const inputs = Object.fromEntries(
    [...schemas].map(([name, schema]) => [
      `Input.${name.replace(/[^A-Za-z0-9._-]/g, "_")}`,
      { ...(schema as object), title: `Input of ${name}` },
    ]),
  );
  const { components } = document;
  return {
    ...document,
    components: { ...components, schemas: { ...components?.schemas, ...inputs } },
  };
}
