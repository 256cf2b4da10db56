/** /spec.json: a valid OpenAPI document that describes everything and whose examples work. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { Validator } from "@seriousme/openapi-schema-validator";

import { RunSummary } from "../../src/domain/run.ts";
import { FORMATS } from "../../src/report/formats.ts";
import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import {
  type Document,
  faults,
  jsonSchemaFaults,
  type Operation,
  silentFields,
} from "./openapi.ts";
import { schemaFaultsOf } from "./schema.ts";
import { BASE, problemOf, regions, request, Served } from "./serving.ts";

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

function typeOf(name: string, status: number): string {
  if (status >= 400) return "application/problem+json";
  if (name.endsWith("/events")) return "text/event-stream";
  const report = Object.values(FORMATS).find(({ extension }) =>
    name.endsWith(`/report.${extension}`),
  );
  if (report) return report.contentType.split(";")[0] ?? "";
  return name.endsWith("/metrics") ? "text/plain" : "application/json";
}

/** The parameters that a request cannot do without, each with its example. */
function needed(parameters: Operation["parameters"] = []): Record<string, string> {
  const asked = parameters.filter(({ in: where, required }) => where === "query" && required);
  return Object.fromEntries(
    asked.map(({ name, schema }) => [name, (schema as { examples: string[] }).examples[0] ?? ""]),
  );
}

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
      "GET /api/orchestrator/events",
      "GET /api/orchestrator/history",
      "GET /api/orchestrator/regions",
      "GET /api/orchestrator/regions/schemas",
      "GET /api/orchestrator/{runId}",
      "GET /api/orchestrator/{runId}/callbacks",
      "GET /api/orchestrator/{runId}/comparison",
      "GET /api/orchestrator/{runId}/events",
      "GET /api/orchestrator/{runId}/report.ctrf.json",
      "GET /api/orchestrator/{runId}/report.html",
      "GET /api/orchestrator/{runId}/report.json",
      "GET /api/orchestrator/{runId}/report.md",
      "GET /api/orchestrator/{runId}/report.ndjson",
      "GET /api/orchestrator/{runId}/report.txt",
      "GET /api/orchestrator/{runId}/report.xml",
      "GET /api/orchestrator/{runId}/request",
      "GET /api/orchestrator/{runId}/status",
      "GET /healthz",
      "GET /metrics",
      "GET /readyz",
      "POST /api/orchestrator",
      "POST /api/orchestrator/{runId}/callbacks/{callbackId}/repeat",
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
        const types = status === "204" || status === "304" ? [] : [typeOf(name, Number(status))];
        expect([name, status, ...Object.keys(content ?? {})]).toEqual([name, status, ...types]);
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

  test("has examples for a rerun that work as they stand, and asks for no body", async () => {
    const rerun = spec.paths[`${BASE}/{runId}/rerun`]?.["post"];
    expect(rerun?.requestBody?.required).toBeFalse();
    expect(spec.paths[BASE]?.["post"]?.requestBody?.required).toBeTrue();
    const runId = await api.submit(request(["us-east-1"]));
    await api.ended(runId);
    const { examples = {} } = rerun?.requestBody?.content["application/json"] ?? {};
    expect(Object.keys(examples)).not.toBeEmpty();
    for (const { value } of Object.values(examples)) {
      const response = await api.get(`/${runId}/rerun`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(value),
      });
      expect(response.status).toBe(202);
      expect(faults(rerun, "202", await response.json())).toEqual([]);
    }
  });

  test("has examples of every parameter that the server takes", async () => {
    const runId = await api.submit(request(["us-east-1"], { tags: ["nightly"] }));
    await api.ended(runId);
    for (const [name, { parameters = [] }] of operations) {
      const [method = "", path = ""] = name.split(" ");
      for (const { in: where, name: parameter, schema } of parameters) {
        if (where !== "query") continue;
        const { anyOf, examples = [] } = schema as {
          anyOf?: { const: string }[];
          examples?: string[];
        };
        for (const value of [...examples, ...(anyOf ?? []).map((one) => one.const)]) {
          const sent = new URLSearchParams({ ...needed(parameters), [parameter]: value });
          const url = `${path.replace("{runId}", runId)}?${sent}`;
          const response = await api.handler(new Request(`http://localhost${url}`, { method }));
          expect([url, response.status]).toEqual([url, 200]);
          await response.body?.cancel();
        }
      }
    }
  });

  test("describes every answer as it really is, in type and in shape", async () => {
    const runId = await api.submit(request(["us-east-1"]));
    await api.ended(runId);
    for (const [name, operation] of operations) {
      if (!name.startsWith("GET ")) continue;
      const query = new URLSearchParams(needed(operation.parameters));
      const path = `${name.slice(4).replace("{runId}", runId)}?${query}`;
      const response = await api.handler(new Request(`http://localhost${path}`));
      const type = response.headers.get("content-type")?.split(";")[0] ?? "";
      const described = operation.responses["200"]?.content ?? {};
      expect([name, response.status, type]).toEqual([name, 200, Object.keys(described)[0] ?? ""]);
      if (name.endsWith("orchestrator/events")) {
        // It has no end of its own.
        await response.body?.cancel();
        continue;
      }
      const text = await response.text();
      if (type === "application/json") {
        expect([name, faults(operation, "200", JSON.parse(text))]).toEqual([name, []]);
      }
    }
    const cancel = spec.paths[`${BASE}/{runId}/cancel`]?.["post"];
    const other = await api.submit(request(["us-east-1"]));
    const response = await api.get(`/${other}/cancel`, { method: "POST" });
    if (response.status === 202) expect(faults(cancel, "202", await response.json())).toEqual([]);
    expect(Object.keys(cancel?.responses ?? {})).toContain(String(response.status));
  });

  test("has examples of answers that are of the shape it describes", () => {
    const wrong: string[] = [];
    let seen = 0;
    for (const [name, operation] of operations) {
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        for (const { value } of Object.values(content["application/json"]?.examples ?? {})) {
          seen++;
          wrong.push(...faults(operation, status, value).map((fault) => `${name} ${fault}`));
        }
      }
    }
    expect([wrong, seen > 0]).toEqual([[], true]);
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
