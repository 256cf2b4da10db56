/**
 * The OpenAPI 3.1 document of an app, generated from its routes and their schemas.
 *
 * The generator runs on an app of its own: the page it adds would load scripts from elsewhere.
 */
import { type AnyElysia, Elysia } from "elysia";

import { Problem, PROBLEM_TYPE, problems } from "../problem.ts";

export interface SpecInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** Whether a request needs a key. Absent: none does. `path`: as it is served, unfilled. */
  readonly needsKey?: (method: string, path: string) => boolean;
}

interface Operation {
  security?: readonly object[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, MediaType>; required?: boolean };
  responses: Record<string, { description: string; content?: Record<string, MediaType> }>;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: object;
  examples?: unknown;
}

interface MediaType {
  schema: {
    examples?: readonly unknown[];
    required?: readonly string[];
    contentMediaType?: string;
    [key: string]: unknown;
  };
  examples?: Record<string, { value: unknown }>;
}

export interface OpenApiDocument {
  openapi: string;
  components?: { schemas?: Record<string, object>; securitySchemes?: Record<string, object> };
  paths: Record<string, Record<string, Operation>>;
}

const SPEC_PATH = "/generated/spec.json";

/** `routes`: an app with every route to document, under the paths it is served at. */
export async function openApiDocument(
  routes: AnyElysia,
  { needsKey, ...info }: SpecInfo,
): Promise<OpenApiDocument> {
  // Only now: a server that nobody asks for its documentation starts without the generator.
  const { swagger } = await import("@elysiajs/swagger");
  const generator = new Elysia().use(routes).use(
    swagger({
      path: "/generated",
      specPath: SPEC_PATH,
      exclude: [/^\/generated/],
      // It takes any path with a dot for a file's.
      excludeStaticFile: false,
      documentation: { openapi: "3.1.1", info: { ...info, license: { name: "MIT" } } } as object,
    }),
  );
  // Elysia looks for the path from the eleventh character on, so the host must not be shorter.
  const response = await generator.handle(new Request(`http://localhost${SPEC_PATH}`));
  const document = finish(JSON.parse(await response.text(), withoutMessages) as OpenApiDocument);
  return needsKey ? withKeys(document, needsKey) : document;
}

const SECURITY_SCHEMES = {
  key: {
    type: "http",
    scheme: "bearer",
    description: "An API key, as `volley key create` prints it.",
  },
};

/** Says which operations need a key, and what else they may then answer. */
function withKeys(
  document: OpenApiDocument,
  needsKey: NonNullable<SpecInfo["needsKey"]>,
): OpenApiDocument {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const needed = needsKey(method.toUpperCase(), path);
      operation.security = needed ? [{ key: [] }] : [];
      for (const [status, { description = "" }] of Object.entries(problems(401, 403, 421))) {
        if (status === "401" && !needed) continue;
        operation.responses[status] ??= { description, content: answerContent(400, {}) };
      }
    }
  }
  document.components = { ...document.components, securitySchemes: SECURITY_SCHEMES };
  return document;
}

/** The sentences that schemas keep for refusals are no part of the document. */
function withoutMessages(key: string, value: unknown): unknown {
  return key === "error" && typeof value === "string" ? undefined : value;
}

/** Answers that have no body. */
const BODILESS = new Set(["204", "304"]);

/**
 * The header of every operation that may answer 304. No schema of a route: the framework would copy
 * all headers of each request to check one that may be anything.
 */
const IF_NONE_MATCH: Parameter = {
  name: "if-none-match",
  in: "header",
  required: false,
  description: "`ETag` of an answer before; the same one is not sent again.",
  schema: { type: "string" },
};

/** Says what the generator cannot know: that bodies are JSON only, and errors problems. */
function finish(document: OpenApiDocument): OpenApiDocument {
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) {
      operation.parameters?.forEach(moveExamples);
      if (operation.responses["304"]) operation.parameters?.unshift(IF_NONE_MATCH);
      const json = operation.requestBody?.content["application/json"];
      if (json) {
        // A body all of whose fields may be missing may be missing itself.
        const required = (json.schema.required ?? []).length > 0;
        operation.requestBody = { required, content: { "application/json": withExamples(json) } };
      }
      for (const [status, response] of Object.entries(operation.responses)) {
        moveUnion(response);
        if (BODILESS.has(status)) delete response.content;
        const examples = takeExamples(response);
        const schema = response.content?.["application/json"]?.schema;
        if (schema) response.content = answerContent(Number(status), { ...schema, ...examples });
      }
    }
  }
  document.components = { schemas: { Problem } };
  return document;
}

type Generated = Operation["responses"][string] & {
  anyOf?: object[];
  contentMediaType?: string;
  examples?: readonly unknown[];
};

/** The generator knows a body by its type, which a union of several has not. */
function moveUnion(response: Generated): void {
  const { anyOf } = response;
  // It takes what it does not know of a schema for the answer's.
  delete response.contentMediaType;
  if (!anyOf) return;
  response.content = { "application/json": { schema: { anyOf } } };
  delete response.anyOf;
}

/** The examples of a schema, which the generator takes for the answer's. */
function takeExamples(response: Generated): Pick<Generated, "examples"> {
  const { examples } = response;
  delete response.examples;
  return examples ? { examples } : {};
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
    : { [schema.contentMediaType ?? "application/json"]: withExamples({ schema }) };
}

/** A body with its schema's examples where documentation pages look for them. */
function withExamples({ schema }: MediaType): MediaType {
  const { examples = [] } = schema;
  if (examples.length === 0) return { schema };
  const named = examples.map((value, index) => [`example ${index + 1}`, { value }]);
  return { schema, examples: Object.fromEntries(named) };
}
