/** Runner files as authors write them, by the compiled binary, from a folder without node_modules. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Result } from "../../src/domain/result.ts";
import type { RunSummary } from "../../src/domain/run.ts";
import { binary } from "../support/binary.ts";
import { hasBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Api, start, type Started } from "../support/process.ts";
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
}, 120_000);
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

async function serve(
  stack: AsyncDisposableStack,
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<Api> {
  const data = join(folder.path, `data-${crypto.randomUUID()}`);
  const flags = ["serve", "--port", "0", "--data", data, ...args];
  return new Api(stack.use(await start({ args: flags, cwd: folder.path, env })).origin);
}

async function ended(api: Api, runners: readonly object[], mode = "remote"): Promise<RunSummary> {
  return api.ended(await api.submit({ runners, mode }));
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
  test("a consent banner tells three regions apart, through three runner servers", async () => {
    await using stack = new AsyncDisposableStack();
    const endpoints: Record<string, string> = {};
    for (const region of REGIONS) {
      const { origin } = stack.use(await runner(["--region", region, "--hosts", "1"]));
      endpoints[region] = `${origin}/api/runner`;
    }
    const { jobs, state } = await ended(
      await serve(stack, { PLAYWRIGHT_RUNNERS: JSON.stringify(endpoints) }),
      REGIONS.flatMap((region) =>
        ["consentBannerTest", "titleTest"].map((name) => ({
          name,
          region,
          input: { url: site.url },
        })),
      ),
    );
    expect(state).toBe("completed");
    const banners = jobs.map(({ region, results }) => [region, results[0]?.status]);
    expect(Object.fromEntries(banners)).toEqual({
      "us-east-1": "fail",
      "eu-west-1": "pass",
      "ap-southeast-1": "fail",
    });
    for (const { region, results } of jobs) {
      const [banner, title] = results;
      const visible = region === "eu-west-1";
      expect(banner?.details).toMatchObject({ visible, buttons: visible ? 2 : 0 });
      expect(title).toMatchObject({
        name: "titleTest",
        reportedName: "title",
        status: "pass",
        details: { title: "Corner Shop", timeout: 5000 },
        logs: [{ message: "checking", meta: { region, url: site.url } }],
      });
    }
  });

  test("local mode executes the same files in the orchestrator's own hosts", async () => {
    await using stack = new AsyncDisposableStack();
    const runners = ["titleTest", "consentBannerTest"].map((name) => ({
      name,
      input: { url: site.url },
    }));
    const { jobs } = await ended(await serve(stack, {}, ["--runners", project]), runners, "local");
    expect(jobs[0]?.results).toMatchObject([
      { name: "titleTest", status: "pass", details: { title: "Corner Shop" } },
      { name: "consentBannerTest", status: "fail", details: { visible: false } },
    ]);
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
    const command = [await binary(), "runner", project, "--chrome", "/nonexistent/chrome"];
    const { exitCode, stderr } = Bun.spawnSync(command);
    expect(exitCode).toBe(2);
    expect(stderr.toString()).toBe(
      'volley: --chrome "/nonexistent/chrome" is not a program that can be executed.\n',
    );
  });
});
