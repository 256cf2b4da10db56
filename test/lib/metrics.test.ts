import { describe, expect, test } from "bun:test";

import { Metrics } from "../../src/lib/metrics.ts";

/** The lines of a scrape without its comments. */
const values = (metrics: Metrics): string[] =>
  metrics
    .render()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

describe("Metrics", () => {
  test("says what each metric is before its values, and ends with a newline", () => {
    const metrics = new Metrics();
    metrics.counter("runs_total", "Runs accepted.")();
    expect(metrics.render()).toBe(
      "# HELP runs_total Runs accepted.\n# TYPE runs_total counter\nruns_total 1\n",
    );
  });

  test("counts by labels", () => {
    const metrics = new Metrics();
    const count = metrics.counter("c", "C.");
    count({ region: "eu" });
    count({ region: "us" }, 5);
    count({ region: "eu" });
    expect(values(metrics)).toEqual(['c{region="eu"} 2', 'c{region="us"} 5']);
  });

  test("reads gauges when it is asked, not before", () => {
    const metrics = new Metrics();
    let now = 1;
    metrics.gauge("g", "G.", () => [[{ region: "eu" }, now]]);
    now = 7;
    expect(values(metrics)).toEqual(['g{region="eu"} 7']);
  });

  test("fills the buckets of a histogram from below, each with all that is under it", () => {
    const metrics = new Metrics();
    const record = metrics.histogram("h", "H.", [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 3]) record(value, { region: "eu" });
    expect(values(metrics)).toEqual([
      'h_bucket{region="eu",le="0.1"} 2',
      'h_bucket{region="eu",le="1"} 3',
      'h_bucket{region="eu",le="+Inf"} 4',
      'h_sum{region="eu"} 3.65',
      'h_count{region="eu"} 4',
    ]);
  });

  test("keeps a line one line, whatever a label holds", () => {
    const metrics = new Metrics();
    metrics.counter("c", "C.")({ region: 'a"b\\c\nd' });
    expect(values(metrics)).toEqual(['c{region="a\\"b\\\\c\\nd"} 1']);
  });
});
