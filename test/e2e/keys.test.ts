/** Keys, from the command line to the door: the compiled binary, and files as it leaves them. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd, start } from "../support/process.ts";
import { CA, CERT_FILE, KEY_FILE } from "../support/tls.ts";
import { jobs, serve } from "./serving.ts";

const KEY = /^vly_[0-9a-f]{16}\.[A-Za-z0-9_-]{43}$/;

/** Runs `volley key` with these arguments on a data folder. */
function volleyKey(data: string, ...args: string[]) {
  return runToEnd({ args: ["key", ...args, "--data", data] });
}

/** A new key's text. */
async function created(data: string, scope: string, ...args: string[]): Promise<string> {
  const wanted = ["--name", `${scope} key`, "--scope", scope, ...args];
  const { code, stderr, stdout } = await volleyKey(data, "create", ...wanted);
  expect([code, stderr]).toEqual([0, expect.stringContaining("It is shown this once.\n")]);
  expect(stdout.slice(-1)).toBe("\n");
  const text = stdout.slice(0, -1);
  expect(text).toMatch(KEY);
  return text;
}

const idOf = (key: string): string => key.slice(4, 20);

const status = async (
  url: string,
  key?: string,
  init: BunFetchRequestInit = {},
): Promise<number> => {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(url, { ...init, headers });
  await response.body?.cancel();
  return response.status;
};

describe("volley key", () => {
  test("prints a key alone, lists it without its secret, and revokes it", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "not", "there", "yet");
    const ci = await created(data, "runs:write", "--expires", "90d");
    const other = await created(data, "runs:read");
    const list = await volleyKey(data, "ls");
    expect([list.code, list.stderr]).toEqual([0, ""]);
    expect(list.stdout).toMatch(/^id +scope +state +created +last used +name\n/);
    expect(list.stdout).toMatch(
      new RegExp(`^${idOf(ci)}  runs:write +until \\S+ +\\S+ \\S+ +never +runs:write key$`, "m"),
    );
    expect(list.stdout).not.toContain(ci.slice(21));
    expect((await volleyKey(data, "revoke", idOf(other))).code).toBe(0);
    const json = JSON.parse((await volleyKey(data, "ls", "--json")).stdout) as object[];
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(json).toEqual([
      {
        id: idOf(ci),
        name: "runs:write key",
        scope: "runs:write",
        createdAt: time,
        expiresAt: time,
      },
      {
        id: idOf(other),
        name: "runs:read key",
        scope: "runs:read",
        createdAt: time,
        revokedAt: time,
      },
    ]);
  });

  test.each<[string[], RegExp]>([
    [[], /create, ls, revoke or generate/],
    [["destroy"], /create, ls, revoke or generate/],
    [["create"], /--name is missing/],
    [["create", "--name", "a\u001bb"], /--name must be/],
    [["create", "--name", "a", "--scope", "root"], /--scope must be "runs:read"/],
    [["create", "--name", "a", "--expires", "soon"], /--expires must be a duration/],
    [["create", "--name", "a", "more"], /unexpected argument "more"/],
    [["revoke"], /ID is missing/],
    [["revoke", "nonsense"], /ID must be the id of a key/],
    [["revoke", "0123456789abcdef"], /There is no database/],
    [["ls"], /There is no database/],
    [["ls", "--name", "a"], /--name is not a flag/],
  ])("%p is refused in a sentence", async (args, said) => {
    using folder = temporaryFolder();
    const { code, stderr, stdout } = await volleyKey(join(folder.path, "data"), ...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/^(volley: [^\n]+\n)+$/);
    expect(existsSync(join(folder.path, "data"))).toBeFalse();
  });

  test("generate prints a key and keeps nothing", async () => {
    using folder = temporaryFolder();
    const made = await runToEnd({ args: ["key", "generate"], cwd: folder.path });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(made.stdout.trimEnd()).toMatch(KEY);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe("volley serve with keys", () => {
  test("follows their life while it runs, and never becomes open again", async () => {
    using folder = temporaryFolder();
    const data = folder.path;
    await using server = await serve({ data });
    const list = server.api.base;
    expect(await status(list)).toBe(200);
    const writer = await created(data, "runs:write");
    expect(await status(list)).toBe(401);
    expect(await status(list, writer)).toBe(200);
    const reader = await created(data, "runs:read");
    const cancel = `${list}/run_x/cancel`;
    expect(await status(cancel, reader, { method: "POST" })).toBe(403);
    expect(await status(cancel, writer, { method: "POST" })).toBe(404);
    expect(await status(`${list}?key=${writer}`)).toBe(401);
    for (const path of ["/healthz", "/readyz"]) {
      expect(await status(`${server.origin}${path}`)).toBe(200);
    }
    expect((await volleyKey(data, "revoke", idOf(writer))).code).toBe(0);
    expect(await status(list, writer)).toBe(401);
    // With its prefix, too; and the last of all changes nothing for the better.
    expect((await volleyKey(data, "revoke", `vly_${idOf(reader)}`)).code).toBe(0);
    expect(await status(list, reader)).toBe(401);
    expect(await status(list)).toBe(401);
    expect(await server.stop()).toBe(0);
    // What was used last is on disk at the latest when the server has stopped.
    const { stdout } = await volleyKey(data, "ls", "--json");
    for (const key of JSON.parse(stdout) as object[]) expect(key).toHaveProperty("lastUsedAt");
    await using again = await serve({ data });
    expect(await status(again.api.base)).toBe(401);
  }, 120_000);

  test("shows and keeps a key nowhere", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    const key = await created(data, "runs:write");
    await using server = await serve({ data });
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const said: Record<string, string> = {};
    const faulty = JSON.stringify({ ...jobs(1), [key]: key });
    for (const body of [faulty, JSON.stringify(jobs(1)), "{"]) {
      const response = await fetch(server.api.base, { method: "POST", headers, body });
      said[`answer to ${body.slice(0, 9)}`] = await response.text();
    }
    // What a client puts where it does not belong is its own; what it authenticates with is not.
    delete said[`answer to ${faulty.slice(0, 9)}`];
    const session = await fetch(`${server.origin}/api/session`, {
      method: "POST",
      headers,
      body: JSON.stringify({ key }),
    });
    said["session"] = (await session.text()) + JSON.stringify([...session.headers]);
    const token = /volley=([^;]+)/.exec(session.headers.get("set-cookie") ?? "")?.[1] ?? "";
    expect(token).toHaveLength(43);
    said["metrics"] = await (await fetch(`${server.origin}/metrics`, { headers })).text();
    await server.stop();
    said["log"] = server.log();
    said["out"] = server.out();
    said["list"] = (await volleyKey(data, "ls", "--json")).stdout;
    for (const name of readdirSync(data)) said[name] = readFileSync(join(data, name), "latin1");
    const leaking = Object.keys(said).filter((where) => said[where]?.includes(key.slice(21)));
    expect(leaking).toEqual([]);
    const held = Object.keys(said).filter((where) => said[where]?.includes(token));
    expect(held).toEqual(["session"]);
  }, 120_000);
});

/** What `volley serve` says when it must not start; nothing was made. */
async function refusal(...args: string[]): Promise<string> {
  using folder = temporaryFolder();
  const data = join(folder.path, "data");
  const started = { args: ["serve", "--port", "0", "--data", data, ...args] };
  const { code, stderr, stdout } = await runToEnd(started);
  expect([code, stdout]).toEqual([2, ""]);
  expect(existsSync(data)).toBeFalse();
  return stderr;
}

describe("volley serve beyond loopback", () => {
  test.each(["0.0.0.0", "::", "10.255.255.1", "example.com"])(
    "needs a key to be at %s",
    async (host) => {
      expect(await refusal("--host", host)).toContain(`--host ${host} needs a key`);
    },
  );

  test("needs one behind a proxy, too", async () => {
    const said = await refusal("--public-url", "https://v.example");
    expect(said).toContain("--public-url https://v.example needs a key");
    const local = await refusal("--public-url", "https://v.example", "--runners", ".");
    expect(local).toContain("--runners with --public-url https://v.example lets");
  });

  test("executes no runner files unless that is said", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "admin.key");
    const { stdout } = await runToEnd({ args: ["key", "generate"] });
    writeFileSync(file, stdout);
    const args = ["--host", "0.0.0.0", "--admin-key-file", file, "--runners", folder.path];
    expect(await refusal(...args)).toContain("--allow-local-mode");
    await using server = await serve({
      data: join(folder.path, "data"),
      args: [...args, "--allow-local-mode"],
    });
    await server.stop();
  });

  test("lets the key of a file in, over TLS, and warns without", async () => {
    using folder = temporaryFolder();
    const { stdout } = await runToEnd({ args: ["key", "generate"] });
    const file = join(folder.path, "admin.key");
    writeFileSync(file, stdout);
    const key = stdout.trim();
    const env = { VOLLEY_ADMIN_KEY_FILE: file, VOLLEY_HOST: "0.0.0.0" };
    const tls = ["--tls-cert", CERT_FILE, "--tls-key", KEY_FILE];
    await using safe = await serve({ data: join(folder.path, "a"), env, args: tls });
    expect(safe.origin).toStartWith("https://");
    const url = safe.api.base.replace("0.0.0.0", "127.0.0.1");
    const init = { tls: { ca: CA } };
    expect(await status(url, undefined, init)).toBe(401);
    expect(await status(url, key, init)).toBe(200);
    const headers = { "content-type": "application/json", origin: new URL(url).origin };
    const session = await fetch(new URL("/api/session", url), {
      ...init,
      method: "POST",
      headers,
      body: JSON.stringify({ key }),
    });
    expect(session.headers.get("set-cookie")).toMatch(/^__Host-volley=.*; Secure/);
    expect(safe.log()).not.toContain("unencrypted");
    await safe.stop();
    await using plain = await serve({ data: join(folder.path, "b"), env });
    await eventually("it warns", () => plain.log().includes("keys travel unencrypted"));
    await plain.stop();
  }, 120_000);

  test.each([
    ["that is not there", undefined, "cannot be read"],
    ["that holds no key", "secret\n", "holds no key"],
  ])("refuses an admin key file %s, without showing it", async (_what, text, said) => {
    using folder = temporaryFolder();
    const file = join(folder.path, "admin.key");
    if (text !== undefined) writeFileSync(file, text);
    const stderr = await refusal("--admin-key-file", file);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain("secret");
  });
});

describe("the database of a server with keys", () => {
  // Without it, the first SQLite tool that reads beside the server takes the log away on leaving.
  test.skipIf(process.platform !== "linux")("is locked by the server", async () => {
    using folder = temporaryFolder();
    await using server = await serve({ data: folder.path });
    const { ino } = statSync(join(folder.path, "volley.sqlite"));
    const locks = readFileSync("/proc/locks", "utf8").split("\n");
    const own = locks.filter(
      (line) => line.includes(` ${server.pid} `) && line.includes(`:${ino} `),
    );
    expect(own).toEqual([expect.stringContaining("POSIX  ADVISORY  READ")]);
  });
});

describe("volley runner beyond loopback", () => {
  test("needs a token, or to be told that anybody may come", async () => {
    using folder = temporaryFolder();
    const args = ["runner", folder.path, "--host", "0.0.0.0", "--port", "0"];
    const { code, stderr, stdout } = await runToEnd({ args });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("--allow-anonymous says that this is meant");
    await using server = await start({ args: [...args, "--allow-anonymous"] });
    await eventually("it warns", () => server.log().includes("anybody may execute"));
    const info = server.origin.replace("0.0.0.0", "127.0.0.1");
    expect(await status(`${info}/api/runner/info`)).toBe(200);
    const headers = { host: "evil.example" };
    expect((await fetch(`${info}/api/runner/info`, { headers })).status).toBe(421);
    expect(await server.stop()).toBe(0);
  });

  test("needs one beside a signing secret, too: only executions are signed", async () => {
    using folder = temporaryFolder();
    const env = { SIGN: `whsec_${Buffer.alloc(32, 1).toString("base64")}` };
    const signing = ["--signing-secret-env", "SIGN"];
    const args = ["runner", folder.path, "--host", "0.0.0.0", "--port", "0", ...signing];
    const { code, stderr } = await runToEnd({ args, env });
    expect(code).toBe(2);
    expect(stderr).toContain("lets anybody read which runners there are; --allow-anonymous");
    await using server = await start({ args: [...args, "--allow-anonymous"], env });
    await eventually("it warns", () => server.log().includes("anybody may read which runners"));
  });
});
