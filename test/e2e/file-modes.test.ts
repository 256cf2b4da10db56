/** What lies in a data folder, and a copy of it, is readable by its user only, whatever the umask. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd } from "../support/process.ts";
import { jobs, serve } from "./serving.ts";

const mode = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);

/** Of the folder itself, and of whatever is in it. */
function modes(folder: string): Record<string, string> {
  const files = readdirSync(folder).map((name) => [name, mode(join(folder, name))]);
  return { ".": mode(folder), ...Object.fromEntries(files) };
}

describe("a data folder", () => {
  let before: number;
  beforeAll(() => void (before = process.umask(0)));
  afterAll(() => void process.umask(before));

  test("is its user's alone: made by a server, in use, left behind and copied", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    const data = join(folder.path, "data");
    await using server = await serve({ data, regions: { eu: endpoint.base } });
    const request = jobs(1);
    const secret = { ...request.runners[0], input: { url: "https://a.example", token: "t0ken-1" } };
    await server.api.ended(await server.api.submit({ ...request, runners: [secret] }));
    const served = modes(data);
    expect(Object.keys(served)).toContain("volley.key");
    expect(Object.keys(served)).toContain("volley.sqlite-wal");
    expect(new Set(Object.values(served))).toEqual(new Set(["700", "600"]));
    const copy = join(folder.path, "copy.sqlite");
    expect((await runToEnd({ args: ["backup", copy, "--data", data] })).code).toBe(0);
    expect(mode(copy)).toBe("600");
    await server.stop();
    expect(new Set(Object.values(modes(data)))).toEqual(new Set(["700", "600"]));
  });

  test("is its user's alone when volley key makes it", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    const args = ["key", "create", "--name", "a", "--data", data];
    expect((await runToEnd({ args })).code).toBe(0);
    expect(new Set(Object.values(modes(data)))).toEqual(new Set(["700", "600"]));
  });
});
