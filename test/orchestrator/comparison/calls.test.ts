/** The commands are pasted into a shell, so a shell reads them here. */
import { describe, expect, test } from "bun:test";

import { type CellCall, curlOf, rerunOf } from "../../../src/orchestrator/comparison/calls.ts";

const cell = (name: string, input: Record<string, unknown> = {}): CellCall => ({
  runId: "run_1",
  url: "https://example.com/?a=1&b='2'",
  region: "eu-west-1",
  runner: { name, input: { url: "https://example.com/?a=1&b='2'", ...input } },
});

/** The arguments that a shell makes of a command. */
async function argumentsOf(command: string, env: Record<string, string> = {}): Promise<string[]> {
  const script = command.replace(
    /^(curl|volley)/,
    `"${process.execPath}" -e 'console.log(JSON.stringify(process.argv.slice(1)))' --`,
  );
  const child = Bun.spawn(["sh", "-c", script], {
    env: { ...process.env, ...env },
    stderr: "pipe",
  });
  const text = await new Response(child.stdout).text();
  expect(await new Response(child.stderr).text()).toBe("");
  return JSON.parse(text) as string[];
}

const NASTY = ["plain", "it's", 'a "b" $HOME `id` \\ !x', "ü\u009b31m\u202e", "-x; rm", "a\nb"];

describe("curlOf", () => {
  test.each(NASTY)("sends the call of one cell: %j", async (text) => {
    const call = cell(text, { text });
    const command = curlOf(call, { base: "https://eu.example/api/runner", token: true }) ?? "";
    expect(command).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    const sent = await argumentsOf(command, { TOKEN: "t0ken" });
    expect(sent.slice(0, 4)).toEqual([
      "-sS",
      "-X",
      "POST",
      "https://eu.example/api/runner/execute",
    ]);
    expect(sent).toContain("authorization: Bearer t0ken");
    expect(JSON.parse(sent.at(-1) ?? "")).toEqual({
      url: call.url,
      runners: [call.runner],
      runId: "run_1",
      region: "eu-west-1",
    });
  });

  test("names no endpoint that is not to be seen, no token and no secret", () => {
    const command = curlOf(cell("login", { password: { $sealed: "v1.hunter2" } }), {
      token: false,
    });
    expect(command).toContain('"$ENDPOINT/execute"');
    expect(command).not.toContain("hunter2");
    expect(command).not.toContain("authorization");
  });

  test("is left out when it would be too long", () => {
    expect(curlOf(cell("a", { text: "x".repeat(40_000) }), { token: false })).toBeUndefined();
  });
});

describe("rerunOf", () => {
  test.each(NASTY.slice(0, 3))("names the cell: %j", async (text) => {
    const call = cell(text);
    expect(await argumentsOf(rerunOf(call))).toEqual([
      "run",
      "--rerun",
      "run_1",
      "--cell",
      `${text} eu-west-1 ${call.url}`,
    ]);
  });

  test("names a cell without a region", () => {
    const { region: _region, ...local } = cell("a");
    expect(rerunOf(local)).toContain("'a - https://");
  });
});
