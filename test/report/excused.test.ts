/** Reports of a run whose failures fail no build, because none of them is new. */
import { expect, test } from "bun:test";

import { type FormatName, FORMATS } from "../../src/report/formats.ts";
import { ENDED, sourceOf, written } from "./fixture.ts";

const { errored, failed, passed, total } = ENDED.summary;
const excused = { ...sourceOf(ENDED), excuse: "It is no new failure." };

const report = (format: FormatName): Promise<string> => written(FORMATS[format].write(excused));

test("in JUnit what is red is skipped, and says why", async () => {
  const xml = await report("junit");
  expect(xml).toContain(`tests="${total}" failures="0" errors="0" skipped="${failed + errored}"`);
  expect(xml.match(/<skipped message="It is no new failure\. /g)).toHaveLength(failed + errored);
  expect(xml).not.toMatch(/<failure|<error/);
});

test("in CTRF it is other, which readers take for harmless", async () => {
  const { summary } = (JSON.parse(await report("ctrf")) as { results: { summary: object } })
    .results;
  expect(summary).toMatchObject({ passed, failed: 0, other: failed + errored });
});

test("in GitHub Actions it is a warning", async () => {
  const annotations = await report("github");
  expect(annotations).toMatch(/^::warning/m);
  expect(annotations).not.toContain("::error");
});

test("for a person it is as red as ever", async () => {
  for (const format of ["md", "html", "txt", "list"] as const) {
    expect(await report(format)).toBe(await written(FORMATS[format].write(sourceOf(ENDED))));
  }
});
