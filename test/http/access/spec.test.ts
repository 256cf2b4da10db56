/** /spec.json of a server that asks for keys: valid, and true about which requests need one. */
import { describe, expect, test } from "bun:test";

import { Validator } from "@seriousme/openapi-schema-validator";

import { type Document, faults, silentFields } from "../openapi.ts";
import { BASE } from "../serving.ts";
import { bearer, Guarded } from "./guarded.ts";

type Secured = Document & {
  readonly components: { readonly securitySchemes?: object };
  readonly paths: Record<string, Record<string, { readonly security?: readonly object[] }>>;
};

describe("the document of a server with keys", () => {
  test("is valid, and says of each operation whether it needs one, and what it then answers", async () => {
    await using server = new Guarded();
    const headers = bearer(await server.key("admin"));
    const response = await server.send("GET", `${BASE}/spec.json`, headers);
    const spec = (await response.json()) as Secured;
    const { errors } = await new Validator().validate(
      structuredClone(spec) as unknown as Record<string, unknown>,
    );
    expect(errors ?? []).toEqual([]);
    expect(spec.components.securitySchemes).toMatchObject({
      key: { type: "http", scheme: "bearer" },
    });
    const open: string[] = [];
    const silent: string[] = [];
    for (const [path, operations] of Object.entries(spec.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const name = `${method.toUpperCase()} ${path}`;
        if (operation.security?.length === 0) open.push(name);
        else expect([name, operation.security]).toEqual([name, [{ key: [] }]]);
        const { responses } = operation;
        const refusals = operation.security?.length === 0 ? ["403", "421"] : ["401", "403", "421"];
        expect([name, ...Object.keys(responses)]).toEqual(
          expect.arrayContaining([name, ...refusals]),
        );
        for (const [status, { content = {}, description }] of Object.entries(responses)) {
          if (!description) silent.push(`${name} ${status}`);
          for (const { schema } of Object.values(content)) {
            silent.push(...silentFields(schema, `${name} ${status}`));
          }
        }
        for (const { schema } of Object.values(operation.requestBody?.content ?? {})) {
          silent.push(...silentFields(schema, `${name} body`));
        }
      }
    }
    expect(open.toSorted()).toEqual([
      "DELETE /api/session",
      "GET /healthz",
      "GET /readyz",
      "POST /api/session",
    ]);
    expect(silent).toEqual([]);
  });

  test("describes keys and sessions as they are answered, with examples that work", async () => {
    await using server = new Guarded();
    const key = await server.key("admin");
    const headers = bearer(key);
    const spec = (await (await server.send("GET", `${BASE}/spec.json`, headers)).json()) as Secured;
    const create = spec.paths["/api/keys"]?.["post"];
    const examples = Object.values(
      create?.requestBody?.content["application/json"]?.examples ?? {},
    );
    expect(examples).not.toBeEmpty();
    for (const { value } of examples) {
      const made = await server.send("POST", "/api/keys", headers, value);
      expect(made.status).toBe(201);
      expect(faults(create, "201", await made.json())).toEqual([]);
    }
    const list: unknown = await (await server.send("GET", "/api/keys", headers)).json();
    expect(faults(spec.paths["/api/keys"]?.["get"], "200", list)).toEqual([]);
    const session = spec.paths["/api/session"];
    const signIn = await server.send("POST", "/api/session", {}, { key });
    expect(faults(session?.["post"], "200", await signIn.json())).toEqual([]);
    const who: unknown = await (await server.send("GET", "/api/session", headers)).json();
    expect(faults(session?.["get"], "200", who)).toEqual([]);
    const id = key.slice(4, 20);
    const revoked: unknown = await (await server.send("DELETE", `/api/keys/${id}`, headers)).json();
    expect(faults(spec.paths["/api/keys/{id}"]?.["delete"], "200", revoked)).toEqual([]);
  });
});
