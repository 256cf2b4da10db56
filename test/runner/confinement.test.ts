/** What a runner host is given and what it is not, through the compiled binary. */
import { describe, expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { loadRunner } from "../../src/runner/load-runner.ts";
import { temporaryFolder } from "../support/folder.ts";
import { start } from "../support/process.ts";

const SECRET = "pl4nted-secret";
const INPUT = "inpu7-that-nobody-else-reads";

const PLANTED = [
  "AWS_SECRET_ACCESS_KEY",
  "DATABASE_URL",
  "GITHUB_TOKEN",
  "HTTP_PROXY",
  "LD_LIBRARY_PATH",
  "PLAYWRIGHT_RUNNERS",
  "RUNNER_TOKEN",
  "VOLLEY_ADMIN_KEY_FILE",
  "VOLLEY_DATABASE",
];

/** Tells all that a process of this system can see of itself and of who started it. */
const SEES = `
import { readFileSync } from "node:fs";
const of = (pid: number | string) => readFileSync("/proc/" + pid + "/cmdline", "utf8");
export async function sees(ctx: unknown, input: { secret: string }) {
  "use runner";
  const commands = [process.argv, process.execArgv, process.title, of("self"), of(process.ppid)];
  const details = { env: { ...process.env }, commands, received: input.secret.length };
  return { name: "sees", status: "pass", details };
}
`;

describe("a runner host", () => {
  test("gets a few named variables, and its input neither as an argument nor as one", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "sees.ts"), SEES);
    const env = { ...Object.fromEntries(PLANTED.map((name) => [name, SECRET])), WANTED: "yes" };
    const args = ["runner", folder.path, "--port", "0", "--pass-env", "WANTED"];
    const token = ["--token-env", "RUNNER_TOKEN"];
    await using server = await start({ args: [...args, ...token], env });
    const response = await fetch(`${server.origin}/api/runner/execute`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${SECRET}` },
      body: JSON.stringify({
        url: "https://example.com",
        runners: [{ name: "sees", input: { secret: INPUT } }],
      }),
    });
    const text = await response.text();
    const { results } = JSON.parse(text) as {
      results: { details: { env: object; received: number } }[];
    };
    const allowed = ["BUN_FEATURE_FLAG_NO_ORPHANS", "HOME", "PATH", "TMPDIR", "WANTED"];
    const details = results[0]?.details;
    expect(Object.keys(details?.env ?? {}).toSorted()).toEqual(allowed);
    expect(details?.received).toBe(INPUT.length);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(INPUT);
    expect(await server.stop()).toBe(0);
    expect(server.log()).not.toContain(SECRET);
  }, 120_000);

  test("does not load a link that was put in the place of a runner file", async () => {
    using folder = temporaryFolder();
    using outside = temporaryFolder();
    const file = join(outside.path, "loot.ts");
    const marker = join(outside.path, "executed");
    writeFileSync(file, `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "");`);
    const path = join(folder.path, "a.ts");
    symlinkSync(file, path);
    const task = {
      id: 1,
      name: "a",
      path,
      exportName: "a",
      want: "result",
      locals: [],
      timeout: 1_000,
      browser: { args: [], screenshots: false },
      input: {},
    } as const;
    await expect(loadRunner(task, folder.path)).rejects.toThrow("Cannot load a.ts: it is a link.");
    expect(await Bun.file(marker).exists()).toBeFalse();
  });
});
