/** volley backup: a consistent copy of a store that is being served, or a refusal that says why. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd } from "../support/process.ts";
import { jobs, serve } from "./serving.ts";

const STORE = "volley.sqlite";

const backup = (data: string, ...args: readonly string[]) =>
  runToEnd({ args: ["backup", ...args, "--data", data] });

/** A refusal, after checking what all refusals share. */
async function refused(data: string, ...args: readonly string[]): Promise<string> {
  const { code, stderr, stdout } = await backup(data, ...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^(volley: [^\n]+\n)+$/);
  expect(stderr).not.toMatch(/\bat \S+ \(|\.ts:\d/);
  return stderr;
}

/** A data folder with a store of so many ended runs, and nobody serving it. */
async function grown(data: string, runs = 3): Promise<void> {
  using endpoint = startEndpoint();
  await using server = await serve({ data, regions: { eu: endpoint.base } });
  for (let index = 0; index < runs; index++) {
    await server.api.ended(await server.api.submit(jobs(20)));
  }
  await server.stop();
}

describe("volley backup", () => {
  test("copies a store under load, with every run acknowledged before it began", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    using endpoint = startEndpoint(async (received) => {
      await Bun.sleep(1);
      return pass(received);
    });
    const regions = { eu: endpoint.base };
    await using server = await serve({ data, regions });
    const acknowledged: string[] = [];
    const loading = new AbortController();
    const load = Array.from({ length: 4 }, async () => {
      while (!loading.signal.aborted) acknowledged.push(await server.api.submit(jobs(5)));
    });
    const copies: { file: string; before: number }[] = [];
    for (let round = 0; round < 3; round++) {
      const wanted = acknowledged.length + 30;
      await eventually("more are acknowledged", () => acknowledged.length >= wanted);
      const before = acknowledged.length;
      const file = join(folder.path, `copy-${round}.sqlite`);
      const { code, stderr, stdout } = await backup(data, file);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^\S+copy-\d\.sqlite \(\d+ bytes\)\n$/);
      copies.push({ file, before });
    }
    loading.abort();
    await Promise.all(load);
    expect(acknowledged.length).toBeGreaterThan(90);
    for (const { before, file } of copies) {
      const restored = `${file}.data`;
      mkdirSync(restored);
      writeFileSync(join(restored, STORE), readFileSync(file));
      await using other = await serve({ data: restored, regions });
      for (const runId of acknowledged.slice(0, before)) {
        const summary = await other.api.ended(runId);
        expect(summary).toMatchObject({ state: "completed", summary: { total: 5, passed: 5 } });
      }
      const fresh = await other.api.submit(jobs(1));
      expect(await other.api.ended(fresh)).toMatchObject({ state: "completed" });
    }
    // Nothing of an unfinished copy stays behind, and the server has not noticed.
    expect(readdirSync(folder.path).filter((name) => name.includes("unfinished"))).toEqual([]);
    const last = acknowledged.at(-1) ?? "";
    expect(await server.api.ended(last)).toMatchObject({ state: "completed" });
    expect(server.log()).not.toContain('"level":"error"');
  }, 120_000);

  test("copies a store that nobody serves, and changes nothing of it", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    await grown(data);
    const before = readFileSync(join(data, STORE));
    const file = join(folder.path, "copy.sqlite");
    expect((await backup(data, file)).code).toBe(0);
    expect(readFileSync(join(data, STORE)).equals(before)).toBeTrue();
    using copy = new Database(file, { readonly: true });
    expect(copy.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
    expect(copy.query("SELECT count(*) FROM runs").values()).toEqual([[3]]);
  }, 120_000);

  test("refuses a target that exists, and leaves it alone", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    await grown(data, 1);
    const file = join(folder.path, "taken");
    writeFileSync(file, "mine");
    expect(await refused(data, file)).toContain(`${file} exists already.`);
    expect(readFileSync(file, "utf8")).toBe("mine");
    const directory = join(folder.path, "folder");
    mkdirSync(directory);
    expect(await refused(data, directory)).toContain(directory);
    // The store itself is a target that exists, too.
    const store = join(data, STORE);
    const before = readFileSync(store);
    await refused(data, store);
    expect(readFileSync(store).equals(before)).toBeTrue();
  }, 120_000);

  test("refuses a place that cannot be written, leaving nothing there", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    await grown(data, 1);
    const file = join(folder.path, "nowhere", "copy");
    expect(await refused(data, file)).toContain(file);
    expect(existsSync(join(folder.path, "nowhere"))).toBeFalse();
  }, 120_000);

  test.each<[string, (path: string) => void | Promise<void>, string]>([
    ["missing", () => {}, "There is no database"],
    ["no database", (path) => writeFileSync(path, "notes\n".repeat(200)), "not an SQLite file"],
    [
      "another application's",
      (path) => {
        using db = new Database(path);
        db.run("CREATE TABLE theirs (x)");
      },
      "another application",
    ],
    [
      "corrupt",
      async (path) => {
        await grown(join(path, ".."));
        const content = readFileSync(path);
        content.fill(0xa5, 4_096, 16_384);
        writeFileSync(path, content);
      },
      "corrupt",
    ],
  ])(
    "refuses a store that is %s, and writes nothing",
    async (_what, prepare, said) => {
      using folder = temporaryFolder();
      const data = join(folder.path, "data");
      mkdirSync(data);
      await prepare(join(data, STORE));
      const before = existsSync(join(data, STORE)) ? readFileSync(join(data, STORE)) : undefined;
      const file = join(folder.path, "copy");
      const stderr = await refused(data, file);
      expect(stderr).toContain(said);
      expect(stderr).toContain(STORE);
      expect(readdirSync(folder.path)).toEqual(["data"]);
      if (before) expect(readFileSync(join(data, STORE)).equals(before)).toBeTrue();
      else expect(readdirSync(data)).toEqual([]);
    },
    120_000,
  );

  test("says what is wrong with its arguments", async () => {
    using folder = temporaryFolder();
    expect(await refused(folder.path)).toContain("FILE is missing");
    expect(await refused(folder.path, "a", "b")).toContain('"b"');
    expect(await refused(folder.path, "a", "--max-body", "1")).toContain("--max-body");
  });
});
