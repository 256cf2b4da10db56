import { describe, expect, test } from "bun:test";

import { watchFlags } from "../../src/cli/client-settings.ts";
import { reportPlan } from "../../src/cli/reporters.ts";
import { commandLine } from "../../src/config.ts";

const NOWHERE = { githubActions: false, stepSummary: undefined };
const IN_ACTIONS = { githubActions: true, stepSummary: "/summary.md" };

const planned = (line: string, around = NOWHERE) =>
  reportPlan(commandLine(watchFlags, line.split(" ").filter(Boolean)), around);

describe("reportPlan", () => {
  test("gives a file to the reporter before it", () => {
    expect(planned("-r junit -o a.xml -r json -r md --output=b.md").reporters).toEqual([
      { name: "junit", file: "a.xml" },
      { name: "json", file: undefined },
      { name: "md", file: "b.md" },
    ]);
  });

  test.each([
    ["-o x -r json", "-o x belongs after the -r NAME that it is for"],
    ["-r json -o x -o y", "-o y: -r json has a file already"],
    ["-r json -r list", "-r json and -r list would both write to stdout"],
    ["-r json -o x -r md -o ./x", "-r json and -r md would both write /"],
  ])("refuses %s", (line, fault) => {
    const { faults } = planned(line);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toStartWith(fault);
  });

  test("annotates in GitHub Actions, unless a reporter does", () => {
    expect(planned("")).toMatchObject({ annotations: false, stepSummary: undefined });
    expect(planned("", IN_ACTIONS as never)).toMatchObject({
      annotations: true,
      stepSummary: "/summary.md",
    });
    expect(planned("-r github", IN_ACTIONS as never)).toMatchObject({
      annotations: false,
      stepSummary: "/summary.md",
    });
  });
});
