/** What stands at the end of a run. */
import { describe, expect, test } from "bun:test";

import { type ClosingOptions, closingText } from "../../src/cli/closing.ts";
import { recordOf, type SaidJob } from "./recorded.ts";

const CLOSER = { color: false, closer: "type this" };

async function closingOf(
  jobs: readonly SaidJob[],
  options: ClosingOptions = CLOSER,
): Promise<string> {
  const head = { state: "completed", durationMs: 1_500 } as const;
  return closingText(await recordOf(jobs, { head }), options);
}

const many = (count: number, job: Omit<SaidJob, "names">): SaidJob[] =>
  Array.from({ length: count }, (_, page) => ({ names: ["t"], url: `u${page}`, ...job }));

const dead = (region: string, errorMessage: string): SaidJob[] =>
  many(2, { said: "error", region, result: { errorMessage, errorSource: "transport" } });

describe("closingText", () => {
  test("is short when all passed", async () => {
    expect(await closingOf([{ said: "pass", names: ["t"] }])).toBe(
      [
        "runner  url                 eu",
        "t       https://a.example/  ✓ pass",
        "",
        "Run run_1 completed after 1.5 s. 1 result: 1 passed, 0 failed, 0 errored; 1 job.",
        "",
      ].join("\n"),
    );
  });

  test("tells every failure with its region, runner, url and reason, and how to look closer", async () => {
    const text = await closingOf([
      { said: "pass", names: ["t"] },
      { said: "fail", names: ["t"], region: "us", result: { details: { visible: false } } },
      { said: "error", names: ["t"], region: "ap", result: { errorMessage: "It threw." } },
    ]);
    expect(text).toContain(
      '\n\n✗ fail   us  t  https://a.example/: {"visible":false}\n! error  ap  t  https://a.example/: It threw.\n\n',
    );
    expect(text).toEndWith("; 3 jobs.\nLook closer: type this\n");
  });

  test("does not repeat lines that stand above already", async () => {
    const jobs: SaidJob[] = [{ said: "fail", names: ["t"], region: "us" }];
    const text = await closingOf(jobs, { ...CLOSER, isListed: true, comparison: ["1 red cell"] });
    expect(text).toContain("✗ fail\n\n1 red cell\n\nRun run_1 completed");
    expect(text).not.toMatch(/^✗/m);
  });

  test("tells a reason once it is known, and counts what was cancelled", async () => {
    const boom = { said: "error", result: { errorMessage: "Boom." } } as const;
    const cancelled = {
      said: "error",
      result: { errorMessage: "It was cancelled.", errorSource: "cancelled" },
    } as const;
    const text = await closingOf([...many(12, boom), ...many(3, { ...cancelled, region: "us" })]);
    expect(text.match(/^! error.*Boom\.$/gm)).toHaveLength(10);
    expect(text).toContain("\n… and 2 more: Boom.\n! 3 × error: It was cancelled.\n");
    expect(text).not.toMatch(/^! error +us/m);
  });

  test("gives the reason of each region when none could be reached", async () => {
    const text = await closingOf([
      ...dead("eu", "Refused."),
      ...dead("us-east-1", "No such host."),
    ]);
    expect(text).toContain(
      "\n\nNo region could be reached:\n  eu         Refused.\n  us-east-1  No such host.\n\n",
    );
    const partly = await closingOf([...dead("eu", "Refused."), { said: "pass", names: ["t"] }]);
    expect(partly).not.toContain("No region");
  });

  test("says where an answer may be another region's", async () => {
    const regionMismatch = { message: 'The endpoint says it is in region "us".' };
    const text = await closingOf(many(2, { said: "pass", regionMismatch }));
    expect(text).toContain('\n\nWarnings:\n  eu: The endpoint says it is in region "us".\n\n');
  });

  test("breaks lines between words where a terminal is narrow, but not what is to be typed", async () => {
    const jobs: SaidJob[] = [
      {
        said: "error",
        names: ["t"],
        result: { errorMessage: "It is a long story, told at length." },
      },
    ];
    const text = await closingOf(jobs, { ...CLOSER, closer: "x".repeat(90), width: 60 });
    expect(text).toContain(
      "! error  eu  t  https://a.example/: It is a long story, \n    told at length.\n",
    );
    expect(text).toContain(
      "\nRun run_1 completed after 1.5 s. 1 result: 0 passed, 0 \n    failed, 1 errored; 1 job.\n",
    );
    expect(text).toEndWith(`Look closer: ${"x".repeat(90)}\n`);
  });

  test("colours verdicts, and nothing where colour is not wanted", async () => {
    const jobs: SaidJob[] = [{ said: "fail", names: ["t"] }];
    expect(await closingOf(jobs, { ...CLOSER, color: true })).toContain(
      "\n\u001b[31m✗ fail\u001b[0m   eu  t",
    );
    expect(await closingOf(jobs)).not.toContain("\u001b");
  });
});
