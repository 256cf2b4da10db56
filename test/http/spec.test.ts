/** /spec.json: a valid OpenAPI document that describes everything and whose examples work. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { Validator } from "@seriousme/openapi-schema-validator";

import { RunSummary } from "../../src/domain/run.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { schemaFaultsOf } from "./schema.ts";
import { BASE, problemOf, regions, Served } from "./serving.ts";

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly [key: string]: unknown;
}

interface Media {
  readonly schema: Schema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly { name: string; description?: string; schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { description: string; content?: Readonly<Record<string, Media>> }>
  >;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let endpoint: Endpoint;
let api: Served;
let spec: Document;
let operations: (readonly [string, Operation])[];

beforeAll(async () => {
  endpoint = startEndpoint();
  // The regions of the document's own examples.
  const names = ["us-east-1", "eu-west-1", "ap-southeast-1"];
  const base = endpoint.base;
  api = new Served({ regions: regions(Object.fromEntries(names.map((name) => [name, base]))) });
  const response = await api.get("/spec.json");
  expect(response.headers.get("content-type")).toStartWith("application/json");
  spec = (await response.json()) as Document;
  operations = Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  endpoint[Symbol.dispose]();
});

describe("GET /api/orchestrator/spec.json", () => {
  test("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const { errors, valid } = await validator.validate(
      structuredClone(spec) as unknown as Record<string, unknown>,
    );
    expect(errors ?? []).toEqual([]);
    expect(valid).toBeTrue();
    expect(spec.openapi).toBe("3.1.1");
  });

  test("describes every route of the reference page and none that is not served", () => {
    const names = operations.map(([name]) => name);
    expect(names.toSorted()).toEqual([
      "GET /api/orchestrator",
      "GET /api/orchestrator/{runId}",
      "GET /api/orchestrator/{runId}/events",
      "GET /api/orchestrator/{runId}/status",
      "GET /healthz",
      "GET /metrics",
      "GET /readyz",
      "POST /api/orchestrator",
      "POST /api/orchestrator/{runId}/cancel",
      "POST /api/orchestrator/{runId}/rerun",
    ]);
  });

  test("describes every operation, parameter, answer and field", () => {
    const silent: string[] = [];
    for (const [name, operation] of operations) {
      if (!operation.summary || !operation.description) silent.push(name);
      for (const parameter of operation.parameters ?? []) {
        if (!parameter.description && !parameter.schema.description) {
          silent.push(`${name} parameter ${parameter.name}`);
        }
      }
      for (const [status, { content = {}, description }] of Object.entries(operation.responses)) {
        if (!description) silent.push(`${name} ${status}`);
        for (const { schema } of Object.values(content)) {
          silent.push(...silentFields(schema, `${name} ${status}`));
        }
      }
      for (const { schema } of Object.values(operation.requestBody?.content ?? {})) {
        silent.push(...silentFields(schema, `${name} body`));
      }
    }
    for (const [name, schema] of Object.entries(spec.components.schemas)) {
      silent.push(...silentFields(schema, name));
    }
    expect(silent).toEqual([]);
  });

  test("offers JSON bodies only, and problems for every error", () => {
    for (const [name, { requestBody, responses }] of operations) {
      if (requestBody) expect(Object.keys(requestBody.content)).toEqual(["application/json"]);
      for (const [status, { content }] of Object.entries(responses)) {
        const type = Number(status) >= 400 ? "application/problem+json" : "application/json";
        expect([name, status, ...Object.keys(content ?? {})]).toEqual([name, status, type]);
      }
    }
  });

  test("refuses unknown fields in bodies", () => {
    const body = spec.paths[BASE]?.["post"]?.requestBody?.content["application/json"]?.schema;
    expect(body?.additionalProperties).toBeFalse();
  });

  test("has examples that work as they stand, and answers of the shape it describes", async () => {
    const submit = spec.paths[BASE]?.["post"];
    const examples = Object.values(
      submit?.requestBody?.content["application/json"]?.examples ?? {},
    );
    expect(examples.length).toBeGreaterThan(0);
    for (const { value } of examples) {
      const response = await api.post(value);
      const accepted = (await response.json()) as { runId: string };
      expect(response.status).toBe(202);
      expect(faults(submit, "202", accepted)).toEqual([]);
      const summary = await api.ended(accepted.runId);
      expect(summary.state).toBe("completed");
      expect(schemaFaultsOf(RunSummary, summary)).toEqual([]);
      expect(faults(spec.paths[`${BASE}/{runId}`]?.["get"], "200", summary)).toEqual([]);
      const status: unknown = await (await api.get(`/${accepted.runId}/status`)).json();
      expect(faults(spec.paths[`${BASE}/{runId}/status`]?.["get"], "200", status)).toEqual([]);
    }
  });

  test("describes the problems that really come", async () => {
    const problem = await problemOf(await api.post({}));
    const { Problem: schema = {} } = spec.components.schemas;
    expect(jsonSchemaFaults(schema, problem, "")).toEqual([]);
  });

  test("names no endpoint and no token", async () => {
    const text = JSON.stringify(spec);
    expect(text).not.toContain(endpoint.base);
    expect(text).not.toContain("t0ken");
  });
});

/** Properties at any depth that nobody described. */
function silentFields(schema: Schema, where: string): string[] {
  const here = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    ...(property.description ? [] : [`${where}.${name}`]),
    ...silentFields(property, `${where}.${name}`),
  ]);
  const inside = schema["items"] as Schema | undefined;
  return inside ? [...here, ...silentFields(inside, `${where}[]`)] : here;
}

/** The ways in which an answer breaks the document; it reads the document's schemas as they are. */
function faults(operation: Operation | undefined, status: string, value: unknown): string[] {
  const schema = operation?.responses[status]?.content?.["application/json"]?.schema;
  if (!schema) return ["The document has no such answer."];
  return jsonSchemaFaults(schema, value, "");
}

function jsonSchemaFaults(schema: Schema, value: unknown, path: string): string[] {
  const anyOf = schema["anyOf"] as readonly Schema[] | undefined;
  if (anyOf) {
    const fits = anyOf.some((one) => jsonSchemaFaults(one, value, path).length === 0);
    return fits ? [] : [`${path} fits no alternative`];
  }
  if ("const" in schema) return schema["const"] === value ? [] : [`${path} is not its constant`];
  switch (schema["type"]) {
    case "object":
      return objectFaults(schema, value, path);
    case "array":
      return Array.isArray(value)
        ? value.flatMap((item, index) =>
            jsonSchemaFaults(schema["items"] as Schema, item, `${path}/${index}`),
          )
        : [`${path} is no list`];
    case "integer":
      return Number.isInteger(value) ? [] : [`${path} is no integer`];
    case "string":
      return typeof value === "string" ? [] : [`${path} is no string`];
    default:
      return [];
  }
}

function objectFaults(schema: Schema, value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [`${path} is no object`];
  const given = new Map<string, unknown>(Object.entries(value));
  const missing = (schema.required ?? []).filter((name) => !given.has(name));
  return [
    ...missing.map((name) => `${path}/${name} is missing`),
    ...Array.from(given, ([name, entry]) => {
      const property = schema.properties?.[name];
      if (property) return jsonSchemaFaults(property, entry, `${path}/${name}`);
      return schema.properties ? [`${path}/${name} is not described`] : [];
    }).flat(),
  ];
}
