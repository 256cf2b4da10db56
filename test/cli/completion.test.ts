/** Completion scripts: every command and flag is in them, and the shells accept them. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { allCommands } from "../../src/cli/commands.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "../../src/cli/completion-scripts.ts";
import { flagName, shownFlags } from "../../src/lib/flags.ts";
import { temporaryFolder } from "../support/folder.ts";

const commands = await allCommands();
const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** What bash would offer for the last of these words. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const program = [
    bashCompletion(commands),
    'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _volley; printf "%s\\n" "${COMPREPLY[@]}"',
  ].join("\n");
  const child = Bun.spawn(["bash", "--norc", "-c", program, "bash", "volley", ...words], {
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await new Response(child.stderr).text()).toBe("");
  return (await new Response(child.stdout).text()).split("\n").filter((word) => word !== "");
}

describe.each(["bash", "zsh", "fish"] as const)("the script for %s", (shell) => {
  const script = SCRIPTS[shell](commands);

  test("has every command and flag, and none that is refused", () => {
    for (const { flags, name } of commands) {
      expect(script).toContain(name);
      for (const [key] of shownFlags(flags)) {
        expect(script).toContain(shell === "fish" ? `-l ${flagName(key)} ` : `--${flagName(key)}`);
      }
    }
    expect(script).not.toMatch(/--key[^-]|-l key /);
  });

  test.skipIf(Bun.which(shell) === null)("is accepted", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "script");
    await Bun.write(path, script);
    const child = Bun.spawn([shell, shell === "fish" ? "--no-execute" : "-n", path], {
      stderr: "pipe",
    });
    expect(await new Response(child.stderr).text()).toBe("");
    expect(await child.exited).toBe(0);
  });
});

describe("bash", () => {
  test("offers commands, then the flags of the command", async () => {
    expect(await offered("re")).toEqual(["report", "regions"]);
    expect(await offered("run", "--re")).toEqual([
      "--region",
      "--retries",
      "--rerun",
      "--reporter",
      "--reconnect",
    ]);
  });

  test("offers the words that a flag accepts", async () => {
    expect(await offered("run", "x", "-r", "j")).toEqual(["json", "junit"]);
    expect(await offered("run", "--only", "")).toEqual(["failed", "all"]);
    expect(await offered("completion", "")).toEqual(["bash", "zsh", "fish"]);
  });

  test("offers nothing where only a person knows", async () => {
    expect(await offered("run", "--url", "")).toEqual([]);
  });
});
