/** Ratios of the benchmark: which way round they are, and in which order sides take turns. */
import { describe, expect, test } from "bun:test";

import { compare, interleave, median, told } from "../../scripts/bench/comparison.ts";
import { table } from "../../scripts/bench/table.ts";

const labels = { name: "case", compared: "against a baseline", unit: "jobs/s" };

describe("compare", () => {
  test("says above 1 when volley is better, of more and of less alike", () => {
    const figures = { ...labels, volley: [20, 30, 40], baseline: [10, 10, 10] };
    const more = compare({ ...figures, better: "more" });
    expect(more.ratio).toEqual({ median: 3, min: 2, max: 4 });
    expect(more.rounds.map(({ ratio }) => ratio)).toEqual([2, 3, 4]);
    const less = compare({ ...figures, better: "less" });
    expect(less.ratio).toEqual({ median: 1 / 3, min: 1 / 4, max: 1 / 2 });
  });

  test("takes the median of the rounds' ratios, not the ratio of medians", () => {
    const { baseline, ratio, volley } = compare({
      ...labels,
      better: "more",
      volley: [1, 10, 100],
      baseline: [10, 1, 50],
    });
    expect([volley, baseline, ratio?.median]).toEqual([10, 10, 2]);
  });

  test("says whether a target is reached, and nothing without one", () => {
    const figures = { ...labels, better: "less", volley: [100], baseline: 80 } as const;
    expect(compare({ ...figures, target: 0.8 }).reached).toBe(true);
    expect(compare({ ...figures, target: 0.81 }).reached).toBe(false);
    expect(compare(figures)).not.toContainKeys(["reached", "target"]);
  });
});

/** The order in which two sides are measured; each measures which turn it has. */
async function turns(rounds: number, warm?: boolean) {
  const order: string[] = [];
  const side = (name: string) => async () => order.push(name);
  const measured = await interleave(rounds, { a: side("a"), b: side("b") }, warm);
  return { order: order.join(""), measured };
}

describe("interleave", () => {
  test("turns the order round each time and leaves out the round that warms up", async () => {
    expect(await turns(3)).toEqual({
      order: "baabbaab",
      measured: { a: [3, 6, 7], b: [4, 5, 8] },
    });
  });

  test("counts an only round, and the first of what is warm", async () => {
    expect((await turns(1)).order).toBe("ab");
    expect((await turns(2, true)).order).toBe("abba");
  });
});

test("median is the mean of the two in the middle of an even number", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
});

test("table is Markdown whose columns are aligned", () => {
  const rows = [
    compare({ ...labels, better: "more", volley: [12_345.6], baseline: [10_000], target: 2 }),
    told({ ...labels, unit: "µs" }, [1.234]),
  ];
  const lines = table(rows).split("\n");
  expect(new Set(lines.map((line) => Bun.stringWidth(line))).size).toBe(1);
  expect(lines[2]).toContain(
    "| 12 346 jobs/s | 10 000 jobs/s | 1.23 (1.23-1.23) | ≥ 2.00 | not reached |",
  );
  expect(lines[3]).toContain("| 1.23 µs ");
});
