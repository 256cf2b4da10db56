import { describe, expect, test } from "bun:test";

import { Causes } from "../../src/domain/causes.ts";

describe("Causes", () => {
  const known = new Set(["eu-1", "eu-2", "us-1"]);

  test("nine red cells of one kind are one cause", () => {
    const causes = new Causes();
    for (let cell = 0; cell < 9; cell++) {
      causes.add({
        region: cell % 2 ? "eu-1" : "eu-2",
        runner: `r${cell}`,
        status: "error",
        errorMessage: `page.goto: net::ERR_CERT_DATE_INVALID at https://a.example/${cell}`,
        errorSource: "target",
        errorCode: "navigation_failed",
      });
    }
    expect(causes.list(known)).toEqual([
      {
        cause: "ERR_CERT_DATE_INVALID",
        example: "page.goto: net::ERR_CERT_DATE_INVALID at https://a.example/0",
        status: "error",
        errorSource: "target",
        errorCode: "navigation_failed",
        cells: 9,
        regions: ["eu-1", "eu-2"],
        where: "all eu-*",
        runners: ["r0", "r1", "r2", "r3", "r4"],
        moreRunners: 4,
      },
    ]);
  });

  test.each([
    [["Lost job 1.", "Lost job 1."], "Lost job 1."],
    [["Lost job 1.", "Lost job 2."], "Lost job <n>."],
    [["Lost job 2.", "Lost job 1."], "Lost job <n>."],
    [["a\n  b", "a\n  b"], "a b"],
  ])("of %j leaves out only what differs", (messages, cause) => {
    const causes = new Causes();
    for (const errorMessage of messages) {
      causes.add({ region: "eu-1", runner: "r", status: "error", errorMessage });
    }
    expect(causes.list(known)).toMatchObject([{ cause, cells: 2 }]);
  });

  test("the same words from somebody else are another cause", () => {
    const causes = new Causes();
    for (const errorSource of ["runner", "transport", "runner"] as const) {
      causes.add({ region: "eu-1", runner: "r", status: "error", errorMessage: "x", errorSource });
    }
    expect(causes.list(known).map(({ cells, errorSource }) => [errorSource, cells])).toEqual([
      ["runner", 2],
      ["transport", 1],
    ]);
  });

  test("the same code in other words is the same cause, another errorCode is not", () => {
    const causes = new Causes();
    const common = { region: "eu-1", runner: "r", status: "error" } as const;
    const told: [string, string | undefined][] = [
      ["page.goto: net::ERR_FAILED at https://a.example/", undefined],
      ["It did not load (ERR_FAILED).", undefined],
      ["It did not load (ERR_FAILED).", "thrown"],
    ];
    for (const [errorMessage, errorCode] of told) {
      causes.add({ ...common, errorMessage, ...(errorCode && { errorCode }) });
    }
    expect(
      causes.list(known).map(({ cause, cells, errorCode }) => [cause, errorCode, cells]),
    ).toEqual([
      ["ERR_FAILED", undefined, 2],
      ["ERR_FAILED", "thrown", 1],
    ]);
  });

  test("an error and a fail with the same words are two causes", () => {
    const causes = new Causes();
    for (const status of ["fail", "error"] as const) {
      causes.add({ region: "eu-1", runner: "r", status, errorMessage: "no banner" });
    }
    expect(causes.list(known).map(({ status }) => status)).toEqual(["error", "fail"]);
  });

  test("says of cells without an error what they answered", () => {
    const causes = new Causes();
    for (const runner of ["b", "a", "b"]) causes.add({ region: "eu-1", runner, status: "fail" });
    causes.add({ region: "us-1", runner: "c", status: "pass" });
    expect(causes.list(known).map(({ cause }) => cause)).toEqual([
      "b answered fail",
      "a answered fail",
      "c passed, which was not expected",
    ]);
  });

  test("keeps a bounded number of causes and counts all cells", () => {
    const causes = new Causes();
    for (let cell = 0; cell < 5_000; cell++) {
      causes.add({ region: "eu-1", runner: `r${cell}`, status: "fail" });
    }
    const listed = causes.list(known);
    expect(listed.length).toBeLessThan(300);
    expect(listed[0]).toMatchObject({ moreRunners: 4_795 });
    expect(listed.reduce((sum, { cells }) => sum + cells, 0)).toBe(5_000);
    expect(listed[0]?.cause).toBe("other causes");
  });
});
