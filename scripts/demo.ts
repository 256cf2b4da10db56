/**
 * bun run demo: the whole of volley on one machine. Three regional runner servers and an
 * orchestrator, all real, look at a small shop that shows a consent banner to some regions only.
 *
 * Whatever happens, it ends every process it started and removes the folder it made.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import type { RunStatus, RunSummary } from "../src/domain/run.ts";
import { matrixText } from "../src/report/matrix.ts";
import { findChrome } from "../src/runner/browser/find-chrome.ts";
import { build } from "./build.ts";
import { startSite } from "./demo/site.ts";

const REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-1"];
const RUNNERS = ["cookieBannerTest", "titleTest"];
const RUNNER_FILES = join(import.meta.dir, "demo", "runners");
/** What the runner files ask for; see scripts/demo/runners/shop.ts. */
const WITHOUT_BROWSER = "SHOP_WITHOUT_BROWSER";
const END_STATES = new Set(["completed", "failed", "timed_out", "cancelled"]);
const HELP = `Usage: bun run demo [--keep] [--break REGION]

  --keep           leave everything running until Ctrl-C
  --break REGION   end the runner server of a region first: ${REGIONS.join(", ")}`;

const color = process.stdout.isTTY === true && !process.env["NO_COLOR"];
const bold = (text: string): string => (color ? `\u001b[1m${text}\u001b[0m` : text);

/** Everything to undo at the end, last first. */
const cleanups: (() => unknown)[] = [];
const interrupted = new Promise<"interrupted">((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => resolve("interrupted"));
  }
});

const values = readFlags();
if (values.help) {
  console.log(HELP);
} else if (values.break !== undefined && !REGIONS.includes(values.break)) {
  console.error(`"${values.break}" is not a region of the demo: ${REGIONS.join(", ")}.`);
  process.exitCode = 2;
} else {
  try {
    const outcome = await Promise.race([demo(), interrupted]);
    if (outcome === "interrupted") process.exitCode = 130;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  }
  // A signal interrupts whatever demo() was waiting for; nothing of it is worth finishing.
  process.exit();
}

/** The flags; says what is wrong with them and ends otherwise. */
function readFlags() {
  try {
    return parseArgs({
      options: {
        keep: { type: "boolean", default: false },
        break: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return process.exit(2);
  }
}

async function demo(): Promise<void> {
  say("Building dist/volley …");
  const volley = await build();
  const folder = await mkdtemp(join(tmpdir(), "volley-demo-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const site = startSite();
  cleanups.push(site.stop);

  const browser = findChrome();
  say(
    browser
      ? "The runners look at real pages in a real browser."
      : "No Chrome or Chromium on this machine: the runners look at what the server sends.",
  );
  say(
    `Starting a shop at ${site.origin} and a runner server in each of ${REGIONS.length} regions …`,
  );
  const endpoints: Record<string, string> = {};
  for (const region of REGIONS) {
    const server = await startServer(
      [volley, "runner", RUNNER_FILES, "--region", region, "--port", "0", ...runnerFlags(browser)],
      folder,
      browser ? {} : { [WITHOUT_BROWSER]: "1" },
    );
    endpoints[region] = `${server.origin}/api/runner`;
    if (region === values.break) await server.stop();
  }
  if (values.break) say(`Ended the runner server of ${values.break}.`);

  const { origin } = await startServer(
    [volley, "serve", "--port", "0", "--data", join(folder, "data")],
    folder,
    { PLAYWRIGHT_RUNNERS: JSON.stringify(endpoints) },
  );
  const api = `${origin}/api/orchestrator`;
  const urls = [`${site.origin}/`, `${site.origin}/checkout`];
  const runId = await submit(api, urls);
  say(`Submitted ${bold(runId)}: ${RUNNERS.length} runners x ${urls.length} urls x 3 regions`);

  await follow(api, runId);
  report(await getJson<RunSummary>(`${api}/${runId}`));
  await farewell(api, runId);
}

/** One host per region is enough here, and three browsers are less to start than six. */
function runnerFlags(browser: string | undefined): string[] {
  return browser ? ["--hosts", "1"] : ["--pass-env", WITHOUT_BROWSER];
}

async function submit(api: string, urls: readonly string[]): Promise<string> {
  const runners = urls.flatMap((url) =>
    REGIONS.flatMap((region) => RUNNERS.map((name) => ({ name, region, input: { url } }))),
  );
  const response = await fetch(api, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ runners, mode: "remote", timeout: 60_000 }),
  });
  if (response.status !== 202) throw new Error(`The submit was refused: ${await response.text()}`);
  return ((await response.json()) as { runId: string }).runId;
}

/** Shows the run's counts until it has ended: redrawn on a terminal, else a line per change. */
async function follow(api: string, runId: string): Promise<void> {
  let last = "";
  for (;;) {
    const status = await getJson<RunStatus>(`${api}/${runId}/status`);
    const line = progress(status);
    if (line !== last) process.stdout.write(color ? `\r\u001b[K${line}` : `${line}\n`);
    last = line;
    if (END_STATES.has(status.state)) break;
    await Bun.sleep(50);
  }
  if (color) process.stdout.write("\n");
}

function progress(status: RunStatus): string {
  const { completedJobs, failedJobs, queuedJobs, runningJobs, state, totalJobs } = status;
  const done = completedJobs + failedJobs;
  const bar = "█".repeat(done * 3).padEnd(totalJobs * 3, "░");
  return `  ${bar} ${done}/${totalJobs} jobs · ${runningJobs} running · ${queuedJobs} queued · ${state}`;
}

function report(run: RunSummary): void {
  console.log(`\n${matrixText(run, { color })}\n`);
  const { errored, failed, passed, total } = run.summary;
  console.log(
    `Run ${run.state} in ${run.durationMs} ms: ${total} results, ${passed} passed, ${failed} failed, ${errored} errored.`,
  );
  for (const { error, region, url } of run.jobs) {
    if (error !== undefined) console.log(`  ${region} ${url} ${error}`);
  }
  console.log("\nIs the consent banner shown?");
  for (const [answer, regions] of bannerAnswers(run)) {
    console.log(`  ${answer}: ${regions.toSorted().join(", ") || "nowhere"}`);
  }
}

/** Regions by what their cookieBannerTest said. */
function bannerAnswers({ jobs }: RunSummary): Map<string, string[]> {
  const words = { pass: "yes", fail: "no", error: "nobody answered" } as const;
  const answers = new Map<string, string[]>([
    ["yes", []],
    ["no", []],
  ]);
  for (const { region = "", results } of jobs) {
    const status = results.find(({ name }) => name === "cookieBannerTest")?.status ?? "error";
    const regions = answers.get(words[status]) ?? [];
    answers.set(words[status], regions);
    if (!regions.includes(region)) regions.push(region);
  }
  return answers;
}

async function farewell(api: string, runId: string): Promise<void> {
  if (!values.keep) {
    console.log(
      "\nNext: the same command with --keep leaves it running, with --break eu-west-1 shows",
    );
    console.log(
      "a dead region. The runners are scripts/demo/runners/shop.ts; README.md has the rest.",
    );
    return;
  }
  const { origin } = new URL(api);
  console.log(
    `\nStill running, until Ctrl-C:\n  dashboard  ${origin}/runs/${runId}\n  docs       ${api}/docs\n  results    ${api}/${runId}`,
  );
  await interrupted;
}

interface Server {
  readonly origin: string;
  readonly stop: () => Promise<unknown>;
}

/** Starts a server command and resolves when it says that it listens. */
async function startServer(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const child = Bun.spawn([...command], {
    cwd,
    // Should the demo be killed, its servers end with it.
    env: { ...process.env, ...env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" },
    // Ctrl-C reaches the whole foreground group; the demo ends its servers itself, in order.
    detached: true,
    stdout: "pipe",
    stderr: Bun.file(join(cwd, "log")),
  });
  const stop = (): Promise<unknown> => {
    child.kill();
    return child.exited;
  };
  cleanups.push(stop);
  let text = "";
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    const origin = /listening on (\S+)/.exec(text)?.[1];
    if (origin) return { origin, stop };
  }
  throw new Error(`${command.slice(1, 3).join(" ")} did not start.`);
}

async function getJson<Shape>(url: string): Promise<Shape> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  return (await response.json()) as Shape;
}

function say(text: string): void {
  console.log(text);
}
