/**
 * The OpenAPI 3.1 document of an app, generated from its routes and their schemas.
 *
 * The generator runs on an app of its own: the page it adds would load scripts from elsewhere.
 */
import { swagger } from "@elysiajs/swagger";
import { type AnyElysia, Elysia } from "elysia";

import { Problem, PROBLEM_TYPE } from "../problem.ts";

export interface SpecInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, MediaType>; required?: boolean };
  responses: Record<string, { description: string; content?: Record<string, MediaType> }>;
}

interface Parameter {
  schema: object;
  examples?: unknown;
}

interface MediaType {
  schema: { examples?: readonly unknown[]; [key: string]: unknown };
  examples?: Record<string, { value: unknown }>;
}

export interface OpenApiDocument {
  openapi: string;
  components?: { schemas?: Record<string, object> };
  paths: Record<string, Record<string, Operation>>;
}

const SPEC_PATH = "/generated/spec.json";

/** `routes`: an app with every route to document, under the paths it is served at. */
export async function openApiDocument(routes: AnyElysia, info: SpecInfo): Promise<OpenApiDocument> {
  const generator = new Elysia().use(routes).use(
    swagger({
      path: "/generated",
      specPath: SPEC_PATH,
      exclude: [/^\/generated/],
      documentation: { openapi: "3.1.1", info: { ...info, license: { name: "MIT" } } } as object,
    }),
  );
  // Elysia looks for the path from the eleventh character on, so the host must not be shorter.
  const response = await generator.handle(new Request(`http://localhost${SPEC_PATH}`));
  return finish((await response.json()) as OpenApiDocument);
}

/** Says what the generator cannot know: that bodies are JSON only, and errors problems. */
function finish(document: OpenApiDocument): OpenApiDocument {
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) {
      operation.parameters?.forEach(moveExamples);
      const json = operation.requestBody?.content["application/json"];
      if (json) operation.requestBody = { required: true, content: jsonContent(json) };
      for (const [status, response] of Object.entries(operation.responses)) {
        moveUnion(response);
        const schema = response.content?.["application/json"]?.schema;
        if (schema) response.content = answerContent(Number(status), schema);
      }
    }
  }
  document.components = { schemas: { Problem } };
  return document;
}

/** The generator knows a body by its type, which a union of several has not. */
function moveUnion(response: Operation["responses"][string] & { anyOf?: object[] }): void {
  const { anyOf } = response;
  if (!anyOf) return;
  response.content = { "application/json": { schema: { anyOf } } };
  delete response.anyOf;
}

/** A list of examples belongs to the schema; a parameter's own examples would be a map. */
function moveExamples(parameter: Parameter): void {
  const { examples, schema } = parameter;
  if (!Array.isArray(examples)) return;
  parameter.schema = { ...schema, examples };
  delete parameter.examples;
}

function answerContent(status: number, schema: MediaType["schema"]): Record<string, MediaType> {
  return status >= 400
    ? { [PROBLEM_TYPE]: { schema: { $ref: "#/components/schemas/Problem" } } }
    : { "application/json": { schema } };
}

/** A request body with the schema's examples where documentation pages look for them. */
function jsonContent({ schema }: MediaType): Record<string, MediaType> {
  const examples = Object.fromEntries(
    (schema.examples ?? []).map((value, index) => [`example ${index + 1}`, { value }]),
  );
  return { "application/json": { schema, examples } };
}
