/** volley regions against a real server with mock runners: what a person and a script see of it. */
import { describe, expect, test } from "bun:test";

import type { RegionList } from "../../src/domain/fleet.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd } from "../support/process.ts";
import { mock } from "./mocking.ts";
import { serve } from "./serving.ts";

const TOKEN = "t0ken-that-never-leaves";

function volleyRegions(...args: string[]) {
  return runToEnd({ args: ["regions", ...args] });
}

describe("volley regions", () => {
  test("shows every region of a healthy fleet, with exit code 0", async () => {
    using folder = temporaryFolder();
    await using eu = await mock({ region: "eu", runners: "a,b" });
    await using us = await mock({ region: "us", runners: "b,a" });
    const regions = { eu: { url: eu.base, token: TOKEN }, us: us.base };
    await using server = await serve({ data: folder.path, regions });
    const { code, stderr, stdout } = await volleyRegions("--server", server.origin);
    expect([code, stderr]).toEqual([0, ""]);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^region +health +latency +runners$/);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/^eu +✓ healthy +\d+ ms +2$/);
    expect(rows[1]).toMatch(/^us +✓ healthy +\d+ ms +2$/);
    const json = await volleyRegions(`--server=${server.origin}/`, "--json");
    const { regions: listed } = JSON.parse(json.stdout) as RegionList;
    expect(listed.map(({ health, name }) => [name, health])).toEqual([
      ["eu", "healthy"],
      ["us", "healthy"],
    ]);
    expect(stdout + json.stdout).not.toMatch(/127\.0\.0\.1|t0ken/);
  }, 120_000);

  test("says what is wrong with each region, with exit code 3 for one that is away", async () => {
    using folder = temporaryFolder();
    await using eu = await mock({ region: "eu", runners: "a,b" });
    await using us = await mock({ region: "eu", runners: "a" });
    await using gone = await mock();
    await gone.stop();
    const regions = { eu: eu.base, us: us.base, twin: us.base, gone: gone.base };
    await using server = await serve({ data: folder.path, regions });
    const { code, stdout } = await volleyRegions("--server", server.origin);
    expect(code).toBe(3);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/ {2,}/g, " | ").replace(/\d+ ms/, "N ms"))).toEqual([
      "region | health | latency | runners",
      "eu | ✓ healthy | N ms | 2",
      "gone | ✗ unhealthy | The endpoint refused the connection.",
      "twin | ✓ healthy | N ms | 1 | Has the same endpoint as us.",
      ' | The endpoint says it is in region "eu".',
      " | Lacks 1 runner that other regions offer: b.",
      "us | ✓ healthy | N ms | 1 | Has the same endpoint as twin.",
      ' | The endpoint says it is in region "eu".',
      " | Lacks 1 runner that other regions offer: b.",
    ]);
    await using without = await serve({ data: `${folder.path}/2` });
    expect(await volleyRegions("--server", without.origin)).toEqual({
      code: 0,
      stdout: "No region is configured: give volley serve PLAYWRIGHT_RUNNERS or --regions-file.\n",
      stderr: "",
    });
  }, 120_000);

  test("says what to do when the server is away, or is no volley server", async () => {
    await using other = await mock();
    const wrong = await volleyRegions("--server", other.origin);
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).toContain(other.origin);
    await other.stop();
    const away = await volleyRegions("--server", other.origin);
    expect([away.code, away.stdout]).toEqual([3, ""]);
    expect(away.stderr).toContain("volley serve");
  }, 120_000);

  test("refuses faulty flags with exit code 2, naming each", async () => {
    const { code, stderr, stdout } = await volleyRegions("--server", "ftp://x", "--jsn", "stray");
    expect([code, stdout]).toEqual([2, ""]);
    for (const named of ["--server", "--jsn", '"stray"']) expect(stderr).toContain(named);
  });
});
