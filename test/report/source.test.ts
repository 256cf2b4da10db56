/** A run that changes while it is reported: what is written agrees with itself all the same. */
import { describe, expect, test } from "bun:test";

import { parse as readJunit, type TestSuites } from "junit2json";

import type { Job } from "../../src/domain/job.ts";
import { type FormatName, FORMATS, type ReportSource } from "../../src/report/formats.ts";
import { frozen } from "../../src/report/source.ts";
import { ENDED, RUNNING, sourceOf, written } from "./fixture.ts";

/** In progress when it is read first, with more jobs ended at every further reading. */
function moving(): ReportSource {
  const { jobs: _none, ...head } = RUNNING;
  let readings = 0;
  return {
    head,
    async *jobs() {
      const ended = readings++ === 0 ? 1 : 4;
      yield* ENDED.jobs.slice(0, ended);
      for (const job of ENDED.jobs.slice(ended, 4)) {
        const { attempts, jobId, startedAt, url } = job;
        yield {
          jobId,
          url,
          region: job.region!,
          state: "running",
          attempts,
          results: [],
          startedAt: startedAt!,
        };
      }
    },
  };
}

describe("frozen", () => {
  test("reads a job again as it stood at first, without what came of it", async () => {
    const source = frozen(moving());
    const first = await Array.fromAsync(source.jobs());
    expect(await Array.fromAsync(source.jobs())).toEqual(first);
    expect(first.map(({ state }) => state)).toEqual(["completed", "running", "running", "running"]);
  });

  test("keeps a queued job queued, as if it had never been dispatched", async () => {
    const [job] = ENDED.jobs;
    let state: Job["state"] = "queued";
    const source = frozen({
      head: moving().head,
      async *jobs() {
        yield { ...job!, state } as Job;
      },
    });
    await Array.fromAsync(source.jobs());
    state = "completed";
    const { jobId, region, url } = job!;
    expect(await Array.fromAsync(source.jobs())).toEqual([
      { jobId, url, region: region!, state: "queued", attempts: 0, results: [] },
    ]);
  });

  test("throws when the run was deleted between two readings", async () => {
    let jobs = ENDED.jobs;
    const source = frozen({
      head: moving().head,
      async *jobs() {
        yield* jobs;
      },
    });
    await Array.fromAsync(source.jobs());
    jobs = [];
    expect(Array.fromAsync(source.jobs())).rejects.toThrow("deleted");
  });
});

describe("a run whose jobs end while it is reported", () => {
  test("has the counts in JUnit that its elements have", async () => {
    const xml = await written(FORMATS.junit.write(moving()));
    const { errors, failures, tests } = (await readJunit(xml)) as TestSuites;
    const count = (element: string): number => xml.split(`<${element} `).length - 1;
    expect([tests, failures, errors]).toEqual([
      count("testcase"),
      count("failure"),
      count("error"),
    ]);
    expect(tests).toBe(3);
  });

  test("has no result in HTML that its matrix does not have", async () => {
    const html = await written(FORMATS.html.write(moving()));
    expect(html.split("<details>").length - 1).toBe(3);
    expect(html).toContain("3 of 12 results known");
  });

  test("lists after the dots what the dots say", async () => {
    const text = await written(FORMATS.dot.write(moving()));
    expect(text).toStartWith("...\nRun run_running is running. 3 of 12 results known");
  });
});

describe("a format", () => {
  const readings: Readonly<Record<FormatName, number>> = {
    list: 1,
    dot: 2,
    json: 1,
    ndjson: 1,
    junit: 2,
    ctrf: 1,
    md: 1,
    html: 2,
    github: 1,
    txt: 1,
  };
  test.each(Object.entries(readings))("%s reads the jobs %d times", async (name, times) => {
    const source = sourceOf(ENDED);
    await written(FORMATS[name as FormatName].write(source));
    expect(source.readings).toBe(times);
  });
});
