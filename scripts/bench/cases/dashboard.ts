/**
 * What the dashboard costs whoever watches it: processor time of the page's main thread, which a
 * busy machine does not add to. Its bounds are those of a page that never stutters.
 */
import { type CDPSession, chromium, type Page } from "playwright-core";

import { findChrome } from "../../../src/runner/browser/find-chrome.ts";
import { CannotRun, type Case, expectCount } from "../case.ts";
import { compare } from "../comparison.ts";
import { startEndpoint } from "../endpoint.ts";
import { endOf, jobUrls, runRequest, startVolley, submit, type Volley } from "../volley.ts";

/** A frame of 60 in a second. */
const FRAME_MS = 1_000 / 60;
/** Drawing a run of 5 000 jobs as it happens may cost one second in all. */
const JOB_US = 200;
const REGIONS = 4;
const STEPS = 120;
/** More than two rows of the matrix. */
const STEP_PIXELS = 100;

interface Drawn {
  readonly usPerJob: number;
  readonly msPerFrame: number;
}

export const dashboard: Case = async ({ binary, quick, rounds }) => {
  const executablePath = findChrome();
  if (executablePath === undefined) throw new CannotRun("There is no Chrome on this machine.");
  const cells = quick ? 200 : 5_000;
  await using endpoint = await startEndpoint();
  await using volley = await startVolley({ binary, endpoint, regions: REGIONS });
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  await using browser = await chromium.launch({ executablePath, args });
  const drawn: Drawn[] = [];
  for (let round = 0; round < rounds; round++) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    drawn.push(await drawnRun(volley, page, cells));
    await page.close();
  }
  const name = `dashboard, ${cells} cells`;
  return [
    compare({
      name,
      compared: "main thread until the run has ended, against 1 s for 5 000 jobs",
      unit: "µs/job",
      better: "less",
      volley: drawn.map(({ usPerJob }) => usPerJob),
      baseline: JOB_US,
      target: 1,
    }),
    compare({
      name: `${name}, scrolled`,
      compared: "main thread against a frame",
      unit: "ms/frame",
      better: "less",
      volley: drawn.map(({ msPerFrame }) => msPerFrame),
      baseline: FRAME_MS,
      target: 1,
    }),
  ];
};

async function drawnRun(volley: Volley, page: Page, cells: number): Promise<Drawn> {
  const thread = await page.context().newCDPSession(page);
  await thread.send("Performance.enable");
  const urls = jobUrls(cells / REGIONS);
  const runId = await submit(volley, runRequest({ urls, regions: REGIONS, concurrency: 64 }));
  await page.goto(`${volley.origin}/runs/${runId}`);
  await page.getByRole("button", { name: "Rerun all" }).waitFor();
  const drawnMs = await threadMs(thread);
  await endOf(volley, runId, cells);
  const grid = page.getByRole("grid");
  expectCount("rows of the matrix", await grid.getAttribute("aria-rowcount"), `${urls.length + 1}`);
  await page.evaluate(SCROLL);
  const scrolledMs = (await threadMs(thread)) - drawnMs;
  return { usPerJob: (drawnMs * 1_000) / cells, msPerFrame: scrolledMs / STEPS };
}

/** Executed by the page: a step of the wheel in each frame. */
const SCROLL = `(async () => {
  const grid = document.querySelector("[role=grid]");
  for (let step = 0; step < ${STEPS}; step++) {
    grid.scrollTop += ${STEP_PIXELS};
    await new Promise(requestAnimationFrame);
  }
})()`;

/** Processor time of the main thread so far. */
async function threadMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "ThreadTime")?.value ?? NaN) * 1_000;
}
