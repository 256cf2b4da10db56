/** Runner files as authors write them, by the compiled binary, from a folder without node_modules. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Result } from "../../src/domain/result.ts";
import { binary } from "../support/binary.ts";
import { hasBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { start, type Started } from "../support/process.ts";
import { BROWSER_TEST_MS } from "./browser-pool.ts";
import { hostsOf, processes } from "./harness.ts";
import { openSite, type Site } from "./site.ts";

setDefaultTimeout(BROWSER_TEST_MS);

const EXAMPLES = join(import.meta.dir, "..", "fixtures", "examples");
const REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-1"] as const;

let site: Site;
const folder = temporaryFolder();
const project = join(folder.path, "project");
beforeAll(async () => {
  cpSync(EXAMPLES, project, { recursive: true });
  await binary();
  site = openSite();
}, 60_000);
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function runner(args: readonly string[], env: Record<string, string> = {}): Promise<Started> {
  return start({ args: ["runner", project, "--port", "0", ...args], cwd: folder.path, env });
}

async function execute({ origin }: Started, runners: readonly unknown[]): Promise<Result[]> {
  const response = await fetch(`${origin}/api/runner/execute`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url: site.url, runners }),
  });
  return ((await response.json()) as { results: Result[] }).results;
}

describe("runner files without node_modules", () => {
  test("are found, with the JSON Schemas of their inputs, without any browser", async () => {
    await using server = await runner([]);
    const info = (await (await fetch(`${server.origin}/api/runner/info`)).json()) as {
      runners: string[];
      inputSchemas: Record<string, { required: string[] }>;
    };
    expect(info.runners).toEqual(["titleTest", "consentBannerTest"]);
    expect(info.inputSchemas["consentBannerTest"]?.required).toEqual(["url"]);
    expect(info).not.toHaveProperty("faults");
  });

  test("a faulty input names its paths", async () => {
    await using server = await runner([]);
    const [result] = await execute(server, [{ name: "titleTest", input: { timeout: "soon" } }]);
    expect(result).toMatchObject({ status: "error", errorCode: "invalid_input" });
    expect(result?.errorMessage).toContain("timeout: Invalid input");
  });

  test("variables reach them only when they are passed", async () => {
    const seen = `export async function seen() {
      "use runner";
      return { name: "seen", status: "pass", details: [process.env.WANTED, process.env.SECRET] };
    }`;
    writeFileSync(join(project, "runners", "seen.ts"), seen);
    const env = { WANTED: "yes", SECRET: "no" };
    await using server = await runner(["--pass-env", "WANTED"], env);
    expect((await execute(server, ["seen"]))[0]?.details).toEqual(["yes", null]);
  });
});

describe.skipIf(!hasBrowser)("runner files in a real browser", () => {
  test("a consent banner tells three regions apart", async () => {
    await using stack = new AsyncDisposableStack();
    const servers = await Promise.all(
      REGIONS.map(async (region) => stack.use(await runner(["--region", region]))),
    );
    const answers = await Promise.all(
      servers.map((server) => execute(server, ["consentBannerTest", "titleTest"])),
    );
    expect(answers.map(([banner]) => [banner?.status, banner?.details])).toEqual([
      ["fail", expect.objectContaining({ visible: false, buttons: 0 })],
      ["pass", { visible: true, buttons: 2 }],
      ["fail", expect.objectContaining({ visible: false, buttons: 0 })],
    ]);
    for (const [, title] of answers) {
      expect(title).toMatchObject({
        name: "title",
        status: "pass",
        details: { title: "Corner Shop", timeout: 5000 },
        logs: [{ message: "checking", meta: { url: site.url } }],
      });
    }
  });

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "%s leaves no process and no file behind, the browser's included",
    async (signal) => {
      using temporary = temporaryFolder();
      await using server = await runner([], { TMPDIR: temporary.path });
      await execute(server, ["titleTest"]);
      const host = hostsOf(server.pid)[0]?.pid;
      const mine = () => processes().filter(({ command }) => command.includes(temporary.path));
      expect(host).toBeNumber();
      expect(mine().length).toBeGreaterThan(0);
      expect(readdirSync(temporary.path)).toHaveLength(1);
      await server.stop(signal);
      await eventually("nothing runs", () => mine().length === 0);
      expect(existsSync(`/proc/${host}/exe`)).toBe(false);
      // What a killed server left goes when the next one starts its hosts.
      await using _next = await runner([], { TMPDIR: temporary.path });
      await eventually("no file is left", () => readdirSync(temporary.path).length === 0);
    },
  );

  test("a browser that is named with --chrome must be there at the start", async () => {
    const { exitCode, stderr } = Bun.spawnSync([
      await binary(),
      ...["runner", project, "--chrome", "/nonexistent/chrome"],
    ]);
    expect(exitCode).toBe(2);
    expect(stderr.toString()).toBe(
      'volley: --chrome "/nonexistent/chrome" is not a program that can be executed.\n',
    );
  });
});
