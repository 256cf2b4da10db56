/** volley run with expectations: what it sends, what it shows, and what its exit code stands for. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { type Endpoint, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { inTime } from "../support/in-time.ts";
import { URL_FLAGS, volley } from "./cli.ts";
import { serve } from "./serving.ts";

const folder = temporaryFolder();
/** What each region answers; may be changed between two runs. */
const statuses: Record<string, string> = {};
let endpoint: Endpoint;
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  endpoint = startEndpoint(({ body }) => {
    const status = statuses[body.region] ?? "pass";
    if (status === "down") return new Response("no", { status: 503 });
    if (status === "hang") return new Promise<never>(() => {});
    const details = { visible: status === "pass", at: Math.random() };
    return Response.json({ results: body.runners.map(({ name }) => ({ name, status, details })) });
  });
  const regions = { "eu-1": endpoint.base, "us-1": endpoint.base, "us-2": endpoint.base };
  server = await serve({ data: folder.path, regions });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  endpoint[Symbol.dispose]();
  folder[Symbol.dispose]();
});

const REGIONS = ["eu-1", "us-1", "us-2"].flatMap((region) => ["--region", region]);

/** Each runner has a history of its own. */
const run = (runner: string, ...more: readonly string[]) =>
  volley(server, ["run", runner, ...URL_FLAGS, ...REGIONS, ...more]);

const answer = (europe: string, america: string): void => {
  Object.assign(statuses, { "eu-1": europe, "us-1": america, "us-2": america });
};

describe("volley run --expect", () => {
  test("ends with 0 where all is as expected, and shows what differs", async () => {
    answer("pass", "fail");
    const plain = await run("banner", "--ignore", "details.at");
    expect([plain.code, plain.stderr]).toEqual([1, ""]);
    expect(plain.stdout).toContain("details.visible: false in all us-*; true in eu-1");
    expect(plain.stdout).not.toContain("details.at");
    // The line of a result stands once, where it came in.
    expect(plain.stdout.match(/^✗ fail {3}us-1 {2}banner/gm)).toHaveLength(1);
    expect(plain.stdout).toContain("2 red cells, 1 cause: banner answered fail, all us-*");
    const flags = ["--expect", "banner:us-*=fail", "--expect", "*=pass"];
    const judged = await run("banner", ...flags);
    expect([judged.code, judged.stderr]).toEqual([0, ""]);
    expect(judged.stdout).toContain("✓ fail (expected)");
    expect(judged.stdout).not.toContain("Look closer");
    const listed = (await volley(server, ["ls", "--limit", "1"])).stdout;
    expect(listed).toContain("  1 passed, 2 failed, all as expected  ");
    expect((await run("banner", ...flags, "-r", "dot")).stdout).toStartWith("...\n\nrunner");
    const against = await run("banner", "--expect", "*=fail");
    expect(against.code).toBe(1);
    expect(against.stdout).toContain("✗ pass (unexpected)  eu-1");
  });

  test("never takes an error for what was expected", async () => {
    answer("pass", "down");
    const { code, stdout } = await run("lost", "--expect", "us-*=fail", "--expect", "*=pass");
    expect(code).toBe(3);
    expect(stdout).toContain("! error");
  });
});

test("volley run --policy decides the exit code, and names the regions below it", async () => {
  answer("pass", "fail");
  const any = await run("some", "--policy", "any");
  expect(any.code).toBe(0);
  expect(any.stdout).toContain("As expected in enough regions, but not in us-1, us-2.");
  expect((await run("some", "--policy", "majority")).code).toBe(1);
  expect((await run("some", "--policy", "1")).code).toBe(0);
  expect((await run("some", "--policy", "2")).code).toBe(1);
});

test("volley run --policy that is met ends with 0, whatever became of other regions", async () => {
  answer("pass", "hang");
  const limited = (policy: string) => (ms: number) =>
    run("late", "--policy", policy, "--timeout", `${ms}ms`);
  const { code, stdout } = await inTime(3_000, limited("any"), (said) => said.code === 0);
  expect(code).toBe(0);
  expect(stdout).toContain(" timed out after ");
  expect(stdout).toContain("As expected in enough regions, but not in us-1, us-2.");
  expect((await limited("majority")(3_000)).code).toBe(4);
  answer("pass", "down");
  expect((await run("late", "--policy", "any")).code).toBe(0);
}, 120_000);

test("volley run --policy that is met writes a JUnit report without a failure", async () => {
  answer("pass", "fail");
  const met = await run("some", "--policy", "any", "-r", "junit");
  expect(met.code).toBe(0);
  expect(met.stdout).toContain('tests="3" failures="0" errors="0" skipped="2"');
  const unmet = await run("some", "--policy", "all", "-r", "junit");
  expect(unmet.code).toBe(1);
  expect(unmet.stdout).toContain('tests="3" failures="2" errors="0" skipped="0"');
});

test("volley run --fail-on new-failure lets what was red before pass, and nothing new", async () => {
  answer("pass", "fail");
  const only = ["--fail-on", "new-failure"];
  // Red and never seen before: nobody can say that it is old.
  expect((await run("new", ...only)).code).toBe(1);
  const second = await run("new", ...only);
  expect(second.code).toBe(0);
  expect(second.stdout).toContain("Against the run before: 2 still failing, 1 as before.");
  expect(second.stdout).toContain("\nNo failure is new: the exit code is 0 all the same.\n");
  // Whoever reads the report makes of it what the exit code says.
  const old = await run("new", ...only, "-r", "junit");
  expect(old.stdout).toContain('tests="3" failures="0" errors="0" skipped="2"');
  answer("fail", "fail");
  const third = await run("new", ...only, "-r", "junit");
  expect(third.code).toBe(1);
  expect(third.stdout).toContain('tests="3" failures="3" errors="0" skipped="0"');
  expect(third.stderr).toContain("new failure: new in eu-1 at ");
  expect(third.stderr).not.toContain("No failure is new");
  answer("down", "fail");
  expect((await run("new", ...only)).code).toBe(0);
  answer("pass", "pass");
  await run("new", ...only);
  answer("pass", "down");
  expect((await run("new", ...only)).code).toBe(3);
});

test("volley run --fail-on new-failure never fails a run whose policy is met", async () => {
  answer("pass", "fail");
  const flags = ["--policy", "any", "--fail-on", "new-failure"];
  expect((await run("lenient", ...flags)).code).toBe(0);
  answer("fail", "fail");
  expect((await run("lenient", ...flags)).code).toBe(1);
});

test("volley run --cell runs just that cell again, with the command that a report gives", async () => {
  answer("pass", "fail");
  const { stdout } = await run("again");
  const [runId = ""] = /run_[0-9a-f-]+/.exec(stdout) ?? [];
  const report = await volley(server, ["report", runId]);
  // As pasted, the command of either reaches the same server.
  const cellCommand = /volley run --rerun \S+ --cell 'again us-1 \S+' --server (\S+)$/m;
  for (const text of [stdout, report.stdout]) {
    expect(cellCommand.exec(text)?.[1]).toBe(server.origin);
  }
  const command = /volley run (--rerun \S+) (--cell) '([^']+)'/.exec(stdout) ?? [];
  const [, rerun = "", flag = "", cell = ""] = command;
  const again = await volley(server, ["run", ...rerun.split(" "), flag, cell]);
  expect(again.code).toBe(1);
  expect(again.stdout).toContain("1 result: 0 passed, 1 failed");
  expect(cell).toStartWith("again us-1 https://a.example/");
});

describe("bad input", () => {
  test.each([
    [["--expect", "eu-*"], "--expect must be GLOB=pass"],
    [["--expect", "eu-*=error"], "--expect must be GLOB=pass"],
    [["--policy", "most"], "--policy must be all, any, majority or a number"],
    [["--policy", "0"], "--policy must be all, any, majority or a number"],
    [["--cell", "a b c"], "--cell says what to run again; it needs --rerun RUN"],
    [["--fail-on", "anything"], "--fail-on"],
    [["--expect", "mars-*=pass"], '"mars-*" matches no requested region'],
    [["--expect", "nobody:*=pass"], 'No runner "nobody" is requested'],
    [["--policy", "9"], "Asks for 9 regions"],
    [["--ignore", "status"], '"status" does not begin with "details"'],
    [["--ignore", "details..a"], "details..a"],
  ])("volley run with %j is refused with exit code 2", async (flags, sentence) => {
    const before = endpoint.received.length;
    for (const more of [[], ["--list"]]) {
      const { code, stderr } = await run("bad", ...flags, ...more);
      expect(code).toBe(2);
      expect(stderr).toContain(sentence);
    }
    expect(endpoint.received).toHaveLength(before);
  });

  test("a cell that the run has not, or that is none", async () => {
    answer("pass", "pass");
    const { stdout } = await run("known");
    const [runId = ""] = /run_[0-9a-f-]+/.exec(stdout) ?? [];
    const rerun = (cell: string, ...more: readonly string[]) =>
      volley(server, ["run", "--rerun", runId, "--cell", cell, ...more]);
    expect(await rerun("known mars https://a.example/")).toMatchObject({ code: 2 });
    expect((await rerun("known")).stderr).toContain('--cell must be "RUNNER REGION URL"');
    expect((await rerun("a b c", "--only", "all")).stderr).toContain("--only and --cell both");
    expect((await rerun("a b c", "--expect", "*=pass")).stderr).toContain("--expect cannot stand");
  });
});
