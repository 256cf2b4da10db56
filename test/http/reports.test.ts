/** GET /{runId}/report.*: every format over HTTP, streamed, harmless, and of runs in progress, too. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { validate } from "ctrf";
import { parse as readJunit, type TestSuites } from "junit2json";

import type { Job } from "../../src/domain/job.ts";
import type { RunSummary } from "../../src/domain/run.ts";
import { contentPolicy } from "../../src/report/html/style.ts";
import { CORPUS } from "../report/hostile.ts";
import { type Endpoint, gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { problemOf, regions, request, Served } from "./serving.ts";

let endpoint: Endpoint;
let broken: Endpoint;
let api: Served;
let runId: string;

beforeAll(async () => {
  endpoint = startEndpoint();
  broken = startEndpoint(() => new Response("no", { status: 502 }));
  api = new Served({ regions: regions({ eu: endpoint.base, us: broken.base }) });
  runId = await api.submit(request(["eu", "us"]));
  await api.ended(runId);
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  endpoint[Symbol.dispose]();
  broken[Symbol.dispose]();
});

const TYPES = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  xml: "application/xml",
  "ctrf.json": "application/json",
  md: "text/markdown",
  html: "text/html",
  txt: "text/plain",
};

describe.each(Object.entries(TYPES))("GET /{runId}/report.%s", (extension, type) => {
  test("is a file of its type, which nobody may run or frame", async () => {
    const response = await api.get(`/${runId}/report.${extension}`);
    expect(response.status).toBe(200);
    const policy = extension === "html" ? contentPolicy() : "default-src 'none'";
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": `${type};charset=utf-8`,
      "content-disposition": `inline; filename="${runId}.${extension}"`,
      "content-security-policy": `${policy}; frame-ancestors 'none'; sandbox`,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    expect((await response.text()).length).toBeGreaterThan(100);
  });

  test("is answered to HEAD with the same headers, and not sent again unchanged", async () => {
    const path = `/${runId}/report.${extension}`;
    const [head, get] = [await api.get(path, { method: "HEAD" }), await api.get(path)];
    expect([head.status, await head.text()]).toEqual([200, ""]);
    for (const name of ["content-type", "content-disposition", "etag"]) {
      expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
    }
    const again = await api.get(path, { headers: { "if-none-match": get.headers.get("etag")! } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });

  test("of an unknown run is a problem, also to HEAD", async () => {
    const problem = await problemOf(await api.get(`/run_none/report.${extension}`));
    expect([problem.status, problem.code]).toEqual([404, "run_not_found"]);
    expect((await api.get(`/run_none/report.${extension}`, { method: "HEAD" })).status).toBe(404);
  });

  test("refuses other methods", async () => {
    const response = await api.get(`/${runId}/report.${extension}`, { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("GET /{runId}/report.*", () => {
  test("names the formats there are where one is unknown", async () => {
    for (const format of ["pdf", "junit", "js", "JSON", "tar.gz", "x".repeat(5_000)]) {
      const problem = await problemOf(await api.get(`/${runId}/report.${format}`));
      expect([problem.status, problem.code]).toEqual([404, "not_found"]);
      expect(problem.detail).toEndWith(
        "there are report.json, report.ndjson, report.xml, report.ctrf.json, report.md, report.html, report.txt.",
      );
      expect(problem.detail.length).toBeLessThan(300);
    }
  });

  test("is a problem, and no format, for whatever else stands there", async () => {
    for (const path of ["report", "report.", "reports.json", "xreport.json", "report.json/x"]) {
      expect((await problemOf(await api.get(`/${runId}/${path}`))).detail).toBe(
        "There is nothing here; the API is at /api/orchestrator.",
      );
    }
  });

  test("as JSON has the bytes of the summary", async () => {
    const [report, summary] = [await api.get(`/${runId}/report.json`), await api.get(`/${runId}`)];
    expect(await report.text()).toBe(await summary.text());
  });

  test("as JSON lines is the summary without its jobs, then each job", async () => {
    const text = await (await api.get(`/${runId}/report.ndjson`)).text();
    const [head, ...jobs] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const summary = (await (await api.get(`/${runId}`)).json()) as RunSummary;
    expect({ ...head, jobs }).toEqual(summary);
  });

  test("says of a run in progress what is known", async () => {
    const { open, opened } = gate();
    using slow = startEndpoint(async (asked) => {
      if (asked.body.region === "slow") await opened;
      return pass(asked);
    });
    await using own = new Served({ regions: regions({ fast: slow.base, slow: slow.base }) });
    const running = await own.submit(request(["fast", "slow"]));
    await eventually("one job has ended", async () => {
      const { jobs } = (await (await own.get(`/${running}`)).json()) as RunSummary;
      return jobs[0]?.state === "completed" && jobs[1]?.state === "running";
    });
    const report = async (extension: string): Promise<string> =>
      (await own.get(`/${running}/report.${extension}`)).text();
    expect(((await readJunit(await report("xml"))) as TestSuites).tests).toBe(1);
    expect(validate(JSON.parse(await report("ctrf.json"))).errors ?? []).toEqual([]);
    for (const extension of ["md", "html", "txt"]) {
      const text = await report(extension);
      expect(text).toContain("1 of 2 results known");
      expect(text).toContain("running");
    }
    const etag = (await own.get(`/${running}/report.md`)).headers.get("etag")!;
    open();
    await own.ended(running);
    const later = await own.get(`/${running}/report.md`, { headers: { "if-none-match": etag } });
    expect(later.status).toBe(200);
    expect(await later.text()).toContain("2 results: 2 passed");
  });
});

describe("reports of a large run", () => {
  const JOBS = 1_500;
  let large: Served;
  let largeEndpoint: Endpoint;
  let largeId: string;

  beforeAll(async () => {
    const details = { text: "x".repeat(2_000), hostile: CORPUS };
    largeEndpoint = startEndpoint(({ body }) =>
      Response.json({
        results: body.runners.map(({ name }) => ({ name, status: "fail", details })),
      }),
    );
    large = new Served({ regions: regions({ eu: largeEndpoint.base }) });
    const runners = Array.from({ length: JOBS }, (_, index) => ({
      name: `runner ${index}`,
      region: "eu",
      input: { url: `https://example.com/${index}` },
    }));
    largeId = await large.submit({ mode: "remote", runners });
    await large.ended(largeId);
  });

  afterAll(async () => {
    await large[Symbol.asyncDispose]();
    largeEndpoint[Symbol.dispose]();
  });

  async function report(extension: string): Promise<string> {
    return (await large.get(`/${largeId}/report.${extension}`)).text();
  }

  test("have every job", async () => {
    const lines = (await report("ndjson")).trimEnd().split("\n");
    const jobs = lines.slice(1).map((line) => JSON.parse(line) as Job);
    expect(jobs.map(({ url }) => url)).toEqual(
      Array.from({ length: JOBS }, (_, index) => `https://example.com/${index}`),
    );
    const { failures, tests } = (await readJunit(await report("xml"))) as TestSuites;
    expect([tests, failures]).toEqual([JOBS, JOBS]);
    expect(JSON.parse(await report("ctrf.json")).results.summary.tests).toBe(JOBS);
    expect(JSON.parse(await report("json")).jobs).toHaveLength(JOBS);
  });

  test("are produced as fast as they are read, and may be left unread", async () => {
    for (const extension of Object.keys(TYPES)) {
      const response = await large.get(`/${largeId}/report.${extension}`);
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.cancel();
    }
    expect((await large.get(`/${largeId}/status`)).status).toBe(200);
  });

  test("leave the server free to answer others meanwhile", async () => {
    const answers: string[] = [];
    const reading = large.get(`/${largeId}/report.txt`).then(async (response) => {
      await response.text();
      answers.push("report");
    });
    // A turn after every page of 64 jobs, at least.
    for (let turn = 0; turn < JOBS / 64 / 2; turn++) {
      await (await large.get(`/${largeId}/status`)).json();
      answers.push("status");
      await new Promise(setImmediate);
    }
    await reading;
    expect(answers.at(-1)).toBe("report");
  });
});
