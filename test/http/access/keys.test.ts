/** /api/keys: keys made, shown and revoked over HTTP, by whoever has one that allows it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { issueKey, keyId } from "../../../src/domain/key.ts";
import { BASE, problemOf } from "../serving.ts";
import { bearer, Guarded } from "./guarded.ts";

const PATH = "/api/keys";

describe("/api/keys", () => {
  let server: Guarded;
  let admin: Record<string, string>;
  beforeAll(async () => {
    server = new Guarded();
    admin = bearer(await server.key("admin"));
    server.now += 1;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const create = (body: unknown) => server.send("POST", PATH, admin, body);

  test("creates a key, shows it once, lists it without, and revokes it", async () => {
    const response = await create({ name: "ci", scope: "runs:write", expiresIn: 60_000 });
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { key, ...made } = (await response.json()) as { key: string; id: string };
    expect(keyId(key)).toBe(made.id);
    expect(made).toEqual({
      id: made.id,
      name: "ci",
      scope: "runs:write",
      createdAt: new Date(server.now).toISOString(),
      expiresAt: new Date(server.now + 60_000).toISOString(),
    } as never);
    const using = () => server.send("POST", `${BASE}/x/cancel`, bearer(key));
    expect((await using()).status).toBe(202);

    const list = await (await server.send("GET", PATH, admin)).text();
    expect(JSON.parse(list)).toMatchObject({ keys: [{ scope: "admin" }, made] });
    expect(list).not.toContain(key.slice(-43));

    const revoked = await server.send("DELETE", `${PATH}/${made.id}`, admin);
    expect(await revoked.json()).toEqual({
      ...made,
      revokedAt: new Date(server.now).toISOString(),
    });
    expect((await using()).status).toBe(401);
  });

  test("refuses what is no key to create, naming every fault", async () => {
    for (const [body, ...paths] of [
      [{}, "/name", "/scope"],
      [{ name: "", scope: "root" }, "/name", "/scope"],
      [{ name: "a\u001b[31m", scope: "admin", expiresIn: 1 }, "/name", "/expiresIn"],
      [{ name: "a", scope: "admin", expiresIn: 1e15 }, "/expiresIn"],
      [{ name: "a", scope: "admin", key: issueKey().text }, "/key"],
    ] as const) {
      const response = await create(body);
      expect(response.status).toBe(400);
      const { errors = [] } = await problemOf(response);
      expect(errors.map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
    }
  });

  test("knows no other id", async () => {
    for (const id of ["0123456789abcdef", "x", "%00", "..%2fkeys"]) {
      const response = await server.send("DELETE", `${PATH}/${id}`, admin);
      expect([id, response.status]).toEqual([id, 404]);
    }
  });

  test("makes nobody's first key", async () => {
    await using open = new Guarded();
    for (const method of ["GET", "POST"]) {
      const body = method === "POST" ? { name: "a", scope: "admin" } : undefined;
      const response = await open.send(method, PATH, {}, body);
      expect(await problemOf(response)).toMatchObject({ code: "insufficient_scope" });
    }
    expect(await open.keys.hasKeys()).toBeFalse();
  });
});
