/** The live matrix: what it shows, and that it always fits. */
import { describe, expect, test } from "bun:test";

import { frame } from "../../src/cli/terminal/frame.ts";
import { matrixLines } from "../../src/cli/terminal/layout.ts";
import { liveMatrix } from "../../src/cli/terminal/live-rows.ts";
import { colored, fitted, plain } from "../../src/cli/terminal/paint.ts";
import { type Random, random } from "../support/random.ts";
import { recordOf, type Said, type SaidJob } from "./recorded.ts";

const ROOM = { columns: 200, rows: 100, paint: plain };

async function lines(jobs: readonly SaidJob[], room: Partial<typeof ROOM> = {}) {
  return matrixLines(liveMatrix((await recordOf(jobs)).jobs), { ...ROOM, ...room });
}

const both = (said: Said, other: Said): SaidJob[] => [
  { said, names: ["one", "two"], region: "eu" },
  { said: other, names: ["one", "two"], region: "us" },
];

describe("liveMatrix", () => {
  test("has a row per runner and url, a column per region", async () => {
    expect(
      await lines([...both("pass", "running"), { said: "queued", names: ["one"], url: "b" }]),
    ).toEqual([
      "runner  url                 eu         us",
      "one     https://a.example/  ✓ pass     … running",
      "two     https://a.example/  ✓ pass     … running",
      "one     b                   · queued",
    ]);
  });

  test("shows jobs whose runners nobody has named yet, and names them from other regions", async () => {
    const unnamed: SaidJob = { said: "running", names: [], region: "us" };
    expect(await lines([unnamed])).toEqual([
      "runner  url                 us",
      "…       https://a.example/  … running",
    ]);
    const [, row] = await lines([{ said: "fail", names: ["one"] }, unnamed]);
    expect(row).toBe("one     https://a.example/  ✗ fail     … running");
  });

  test("has its regions by name, whatever the order of the jobs", async () => {
    const jobs = ["us", "ap", "eu"].map((region): SaidJob => ({
      said: "pass",
      names: ["t"],
      region,
    }));
    expect(await lines(jobs)).toEqual([
      "runner  url                 ap         eu         us",
      "t       https://a.example/  ✓ pass     ✓ pass     ✓ pass",
    ]);
  });

  test("gives a runner that was asked for twice two rows", async () => {
    const rows = await lines([{ said: "pass", names: ["one", "one"] }]);
    expect(rows.slice(1).map((row) => row.split("  ")[0])).toEqual(["one", "one #2"]);
  });
});

describe("matrixLines", () => {
  const long: SaidJob[] = ["eu-west-1", "us-east-1", "ap-southeast-1"].map((region) => ({
    said: "pass",
    names: ["cookieBannerTest"],
    url: "https://shop.example/a/long/path/to/checkout",
    region,
  }));

  test("gives way in steps as the terminal gets narrower", async () => {
    expect(await lines(long, { columns: 80 })).toEqual([
      "runner            url                       ap-southeast-1  eu-west-1  us-east-1",
      "cookieBannerTest  https://sh…h/to/checkout  ✓ pass          ✓ pass     ✓ pass",
    ]);
    expect(await lines(long, { columns: 66 })).toEqual([
      "runner            url                          ap…-1  eu…-1  us…-1",
      "cookieBannerTest  https://sho…ath/to/checkout  ✓      ✓      ✓",
    ]);
    expect(await lines(long, { columns: 46 })).toEqual([
      "runner        url              regions",
      "cooki…erTest  https:…checkout  ✓3",
    ]);
  });

  test("puts failures before what runs, that before what waits, and counts the rest", async () => {
    const jobs = (["pass", "queued", "running", "pass", "error", "fail"] as const).map(
      (said, index): SaidJob => ({ said, names: ["t"], url: `https://a.example/${index}` }),
    );
    expect((await lines(jobs, { rows: 5 })).map((line) => line.replace(/^t +/, ""))).toEqual([
      "runner  url                  eu",
      "https://a.example/2  … running",
      "https://a.example/4  ! error",
      "https://a.example/5  ✗ fail",
      "… 3 more rows: ✓2 ·1",
    ]);
  });
});

const NAMES = [
  "t",
  "cookieBannerTest",
  "日本語のテスト",
  "e\u0301te\u0301",
  "👩‍👩‍👧 family",
  "a\u001b[31mb\nc",
];
const MARKS: readonly Said[] = ["pass", "fail", "error", "running", "queued"];

function someJobs({ integer, pick }: Random): SaidJob[] {
  return Array.from({ length: integer(0, 40) }, () => ({
    said: pick(MARKS),
    names: NAMES.slice(0, integer(0, NAMES.length)),
    url: `https://a.example/${"x".repeat(integer(0, 60))}日${integer(0, 3)}`,
    region: `region-${integer(0, 8)}`,
  }));
}

test("a picture never leaves its room, whatever it shows", async () => {
  const seed = random.seed();
  const chosen = random(seed);
  for (let round = 0; round < 300; round++) {
    const record = await recordOf(someJobs(chosen));
    const room = {
      columns: chosen.integer(1, 120),
      rows: chosen.integer(1, 50),
      paint: chosen.pick([plain, colored]),
    };
    const picture = frame(record, chosen.integer(0, 10_000_000), room);
    const where = { seed, round, room };
    const widest = Math.max(...picture.map((line) => Bun.stringWidth(line)));
    const text = picture.join("").replace(/\u001b\[\d+m/g, "");
    expect({
      ...where,
      wide: widest <= room.columns,
      tall: picture.length <= room.rows,
      clean: !/[\u0000-\u001f\u007f-\u009f]/.test(text),
    }).toEqual({ ...where, wide: true, tall: true, clean: true });
  }
});

test("fitted text has exactly its width, with wide characters too", () => {
  for (const text of ["", "abc", "https://a.example/日本語/path", "日本語日本語", "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧"]) {
    for (let width = 0; width < 40; width++)
      expect(Bun.stringWidth(fitted(text, width))).toBe(width);
  }
});
