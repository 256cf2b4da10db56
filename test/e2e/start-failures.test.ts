/** What stops a start: one message that names every fault, exit code 2, nothing touched. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd } from "../support/process.ts";
import { jobs, serve } from "./serving.ts";

/** Starts `volley serve` where it must fail: its stderr, after checking what all failures share. */
async function refusal(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  using folder = temporaryFolder();
  const { code, stderr, stdout } = await runToEnd({
    args: ["serve", "--port", "0", "--data", join(folder.path, "data"), ...args],
    env,
  });
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^(volley: [^\n]+\n)+$/);
  expect(stderr).not.toMatch(/\bat \S+ \(|\.ts:\d/);
  expect(code).toBe(2);
  return stderr;
}

describe("volley serve refuses PLAYWRIGHT_RUNNERS that", () => {
  test("have faults, naming every one, and showing no credential", async () => {
    const stderr = await refusal([], {
      PLAYWRIGHT_RUNNERS: `{
        "good": "http://127.0.0.1:4000/api/runner",
        "__proto__": "http://127.0.0.1:4000",
        "a b": "http://127.0.0.1:4000",
        "-dash": "http://127.0.0.1:4000",
        "${"x".repeat(64)}": "http://127.0.0.1:4000",
        "ftp": "ftp://127.0.0.1/x",
        "file": "file:///etc/passwd",
        "relative": "/api/runner",
        "userinfo": "http://admin:hunter2@127.0.0.1:4000",
        "query": "http://127.0.0.1:4000/?token=hunter2",
        "fragment": "http://127.0.0.1:4000/#hunter2",
        "number": 7,
        "none": null,
        "list": [],
        "nourl": {"token": "hunter2"},
        "typo": {"url": "http://127.0.0.1:4000", "tokn": "hunter2"},
        "empty": {"url": "http://127.0.0.1:4000", "token": ""},
        "spaced": {"url": "http://127.0.0.1:4000", "token": "hunter2 hunter2"}
      }`,
    });
    const named = ["__proto__", "a b", "-dash", "x".repeat(64), "ftp", "file", "relative"];
    const also = ["userinfo", "query", "fragment", "number", "none", "list", "nourl", "typo"];
    for (const name of [...named, ...also, "empty", "spaced"]) {
      expect(stderr).toContain(`PLAYWRIGHT_RUNNERS region "${name}" `);
    }
    expect(stderr.trimEnd().split("\n")).toHaveLength(17);
    expect(stderr).not.toContain("hunter2");
    expect(stderr).not.toContain('"good"');
  });

  test.each([
    ["{", "not valid JSON"],
    ["[]", "must be a JSON object"],
    ["null", "must be a JSON object"],
    ['"http://127.0.0.1"', "must be a JSON object"],
  ])("are %s", async (value, said) => {
    expect(await refusal([], { PLAYWRIGHT_RUNNERS: value })).toContain(said);
  });
});

describe("volley serve refuses flags that", () => {
  test("are unknown or out of range, naming all of them, together with the regions", async () => {
    const args = [
      "--prot",
      "80",
      "--max-in-flight",
      "0",
      "--max-body",
      "lots",
      "--drain",
      "2",
      "-x",
    ];
    const env = { PLAYWRIGHT_RUNNERS: '{"a b":1}', VOLLEY_MAX_RUN_TIME: "for ever" };
    const stderr = await refusal([...args, "stray"], env);
    const named = [
      "--prot",
      "-x",
      "--max-in-flight",
      "--max-body",
      "--drain",
      "VOLLEY_MAX_RUN_TIME",
    ];
    for (const name of [...named, '"stray"', '"a b"']) expect(stderr).toContain(name);
  });

  test.each([
    ["--port", "65536"],
    ["--port", "http"],
    ["--max-runners", "1.5"],
    ["--max-response", "-1"],
    ["--drain", "25"],
    ["--data", ""],
  ])("say %s %p", async (flag, value) => {
    expect(await refusal([`${flag}=${value}`])).toContain(flag);
  });

  test("lack their value", async () => {
    expect(await refusal(["--max-body"])).toContain("--max-body needs a value");
  });
});

describe("volley serve refuses a place that is taken or wrong:", () => {
  test("a port in use, dispatching nothing of what is left to do", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    const regions = { eu: endpoint.base };
    const first = await serve({ data: folder.path, regions });
    await first.api.submit(jobs(3));
    await eventually("all are in flight", () => endpoint.inFlight() === 3);
    await first.stop("SIGKILL");
    const asked = endpoint.received.length;
    const { code, stderr, stdout } = await runToEnd({
      args: ["serve", "--port", new URL(endpoint.base).port, "--data", folder.path],
      env: { PLAYWRIGHT_RUNNERS: JSON.stringify(regions) },
    });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`127.0.0.1:${new URL(endpoint.base).port}: the port is in use.`);
    expect(endpoint.received).toHaveLength(asked);
  });

  test("an address that is not ours", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "admin.key");
    writeFileSync(file, (await runToEnd({ args: ["key", "generate"] })).stdout);
    const args = ["--host", "192.0.2.1", "--admin-key-file", file];
    expect(await refusal(args)).toContain("Cannot listen on 192.0.2.1:0");
  });

  test("a data folder below a file", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "file");
    writeFileSync(file, "kept");
    const data = join(file, "data");
    expect(await refusal(["--data", data])).toContain(data);
    expect(readFileSync(file, "utf8")).toBe("kept");
  });

  test("a data folder that is a file", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "file");
    writeFileSync(file, "kept");
    expect(await refusal(["--data", file])).toContain(file);
    expect(readFileSync(file, "utf8")).toBe("kept");
  });

  test("a data folder that is served already, whose server goes on", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    await using first = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const stderr = await refusal(["--data", folder.path]);
    expect(stderr).toContain(`${folder.path} is already served by another process.`);
    const summary = await first.api.ended(await first.api.submit(jobs(1)));
    expect(summary.state).toBe("completed");
  });
});

const damage = (path: string, at: number, bytes: number): void => {
  const content = readFileSync(path);
  content.fill(0xa5, at, at + bytes);
  writeFileSync(path, content);
};

const foreign = (path: string, ...statements: readonly string[]): void => {
  const db = new Database(path);
  for (const sql of ["CREATE TABLE theirs (x)", "INSERT INTO theirs VALUES (1)", ...statements]) {
    db.run(sql);
  }
  db.close();
};

describe("volley serve leaves a database as it was that is", () => {
  test.each<[string, (path: string) => void | Promise<void>, string]>([
    [
      "no database",
      (path) => writeFileSync(path, "notes of mine\n".repeat(100)),
      "not an SQLite file",
    ],
    ["shorter than a header", (path) => writeFileSync(path, "x"), "not an SQLite file"],
    ["another application's", (path) => foreign(path), "another application"],
    [
      "another application's, with a mark",
      (path) => foreign(path, "PRAGMA application_id = 1196444487"),
      "another application",
    ],
    [
      "of a newer volley",
      async (path) => {
        await grown(path);
        const db = new Database(path);
        db.run("PRAGMA journal_mode = DELETE");
        db.run("PRAGMA user_version = 999");
        db.close();
      },
      "newer",
    ],
    [
      "corrupt",
      async (path) => {
        await grown(path);
        damage(path, 4_096, 12_288);
      },
      "corrupt",
    ],
    [
      "cut",
      async (path) => {
        await grown(path);
        writeFileSync(path, readFileSync(path).subarray(0, 6_000));
      },
      "corrupt",
    ],
  ])("%s", async (_what, prepare, said) => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    mkdirSync(data);
    const path = join(data, "volley.sqlite");
    await prepare(path);
    const before = readFileSync(path);
    const stderr = await refusal(["--data", data]);
    expect(stderr).toContain(path);
    expect(stderr).toContain(said);
    expect(readFileSync(path).equals(before)).toBeTrue();
  });
});

/** A database of ours with a run in it, closed properly. */
async function grown(path: string): Promise<void> {
  using endpoint = startEndpoint();
  const server = await serve({ data: join(path, ".."), regions: { eu: endpoint.base } });
  await server.api.ended(await server.api.submit(jobs(50)));
  await server.stop();
}
