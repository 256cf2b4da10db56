/** JUnit XML, read again: by a strict XML parser, and by a reader of JUnit reports. */
import { describe, expect, test } from "bun:test";

import { parse as readJunit, type TestSuite, type TestSuites } from "junit2json";
import { SaxesParser } from "saxes";

import type { RunSummary } from "../../src/domain/run.ts";
import { FORMATS } from "../../src/report/formats.ts";
import { ENDED, PASSED, RUNNING, sourceOf, written } from "./fixture.ts";
import { hostileRun } from "./hostile.ts";

const RUNS: readonly (readonly [string, RunSummary])[] = [
  ["ended", ENDED],
  ["all passed", PASSED],
  ["in progress", RUNNING],
  ["hostile", hostileRun()],
  [
    "without a result",
    {
      ...RUNNING,
      jobs: RUNNING.jobs.slice(1),
      summary: { total: 9, passed: 0, failed: 0, errored: 0 },
    },
  ],
];

const junit = (run: RunSummary): Promise<string> => written(FORMATS.junit.write(sourceOf(run)));

interface Opened {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

/** Every element in document order. Throws on whatever is not well-formed XML 1.0. */
function elementsOf(xml: string): Opened[] {
  const elements: Opened[] = [];
  const open: Opened[] = [];
  const parser = new SaxesParser({ xmlns: false });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ attributes, name }) => {
    const element = { name, attributes: attributes as Record<string, string>, text: "" };
    elements.push(element);
    open.push(element);
  });
  parser.on("text", (text) => {
    const element = open.at(-1);
    if (element) element.text += text;
  });
  parser.on("closetag", () => void open.pop());
  parser.write(xml).close();
  return elements;
}

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\ufffe\uffff]/;
const COUNTS = { tests: "testcase", failures: "failure", errors: "error", skipped: "skipped" };

describe.each(RUNS)("the JUnit report of a run that is %s", (_name, run) => {
  test("is well-formed, and the counts at its root are those of its elements", async () => {
    const elements = elementsOf(await junit(run));
    const [root] = elements;
    for (const [attribute, name] of Object.entries(COUNTS)) {
      const found = elements.filter((element) => element.name === name).length;
      expect([attribute, root?.attributes[attribute]]).toEqual([attribute, String(found)]);
    }
    const { errored, failed, passed } = run.summary;
    expect(root?.attributes).toMatchObject({
      tests: String(passed + failed + errored),
      failures: String(failed),
      errors: String(errored),
    });
  });

  test("has the same counts for a third-party reader, suite by suite", async () => {
    const read = (await readJunit(await junit(run))) as TestSuites;
    const suites = (read.testsuite ?? []) as TestSuite[];
    for (const { errors, failures, testcase = [], tests } of suites) {
      expect(tests).toBe(testcase.length);
      expect(failures).toBe(testcase.filter(({ failure }) => failure !== undefined).length);
      expect(errors).toBe(testcase.filter(({ error }) => error !== undefined).length);
    }
    const sum = (count: (suite: TestSuite) => number | undefined): number =>
      suites.reduce((total, suite) => total + (count(suite) ?? 0), 0);
    const { errored, failed, passed } = run.summary;
    expect(sum(({ tests }) => tests)).toBe(passed + failed + errored);
    expect(sum(({ failures }) => failures)).toBe(failed);
    expect(sum(({ errors }) => errors)).toBe(errored);
    expect([read.tests, read.failures, read.errors]).toEqual([
      passed + failed + errored,
      failed,
      errored,
    ]);
  });

  test("names every test within its class once", async () => {
    const cases = elementsOf(await junit(run)).filter(({ name }) => name === "testcase");
    const names = cases.map(
      ({ attributes }) => `${attributes["classname"]}\n${attributes["name"]}`,
    );
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("the JUnit report", () => {
  test("tells the region as host name, class name and property", async () => {
    const elements = elementsOf(await junit(ENDED));
    const suites = elements.filter(({ name }) => name === "testsuite");
    expect(suites.map(({ attributes }) => attributes["hostname"])).toEqual(
      ENDED.jobs.map(({ region }) => region as string),
    );
    const regions = elements.filter(
      ({ attributes, name }) => name === "property" && attributes["name"] === "region",
    );
    expect(regions.map(({ attributes }) => attributes["value"])).toEqual(
      ENDED.jobs.flatMap(({ region }) => (region === undefined ? [] : [region])),
    );
  });

  test("tells who is to blame as the type of an error, and what the runner said as its text", async () => {
    const elements = elementsOf(await junit(ENDED));
    const errors = elements.filter(({ name }) => name === "error");
    expect(errors.map(({ attributes }) => attributes["type"])).toEqual([
      "target/navigation_failed",
      "runner",
      ...Array(3).fill("transport/connection_refused"),
      "timeout/job_timed_out",
      "cancelled/cancelled",
      "orchestrator/internal",
    ]);
    expect(errors[0]?.attributes["message"]).toBe(
      "page.goto: net::ERR_CERT_DATE_INVALID\n  at https://shop.example/\nCall log",
    );
    expect(errors[0]?.text).toBe(errors[0]?.attributes["message"]);
  });

  test("keeps markup in a name as text, and no control character at all", async () => {
    const xml = await junit(hostileRun());
    expect(xml.match(CONTROLS)).toBeNull();
    const names = elementsOf(xml).flatMap(({ attributes, name }) =>
      name === "testcase" ? [attributes["name"]] : [],
    );
    expect(names).toContain(
      "<script>alert(1)</script> https://shop.example/<script>alert(1)</script>",
    );
    const texts = elementsOf(xml).map(({ text }) => text);
    expect(texts.filter((text) => /\[\[ATTACHMENT\|/i.test(text))).toEqual([]);
  });

  test("leaves half a surrogate pair out", async () => {
    const [job] = PASSED.jobs;
    const run = {
      ...PASSED,
      jobs: [{ ...job!, url: "https://shop.example/\ud800x\udc00\ud83d\ude00" }],
    };
    const [, suite] = elementsOf(await junit(run));
    expect(suite?.attributes["name"]).toBe("https://shop.example/x\u{1f600}");
  });
});
