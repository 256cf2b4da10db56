import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { gate } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { FIXTURES, hostsOf, processes, startPage, uniqueSeconds } from "./harness.ts";

const MAIN = join(import.meta.dir, "..", "..", "src", "main.ts");
const url = "http://127.0.0.1/";

interface Command extends AsyncDisposable {
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly stderr: () => string;
  readonly origin: () => Promise<string>;
  readonly execute: (runners: readonly unknown[], page?: string) => Promise<Response>;
}

function volley(args: readonly string[]): Command {
  const child = Bun.spawn([process.execPath, MAIN, "runner", ...args, "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", SECRET: "no" },
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const origin = (): Promise<string> =>
    eventually("it listens", () => /^volley listening on (\S+)\n$/.exec(stdout())?.[1]);
  return {
    process: child,
    stderr,
    origin,
    execute: async (runners, page = url) =>
      fetch(`${await origin()}/api/runner/execute`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ url: page, runners }),
      }),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

function collect(stream: ReadableStream<Uint8Array>): () => string {
  let text = "";
  const decoder = new TextDecoder();
  void (async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  })();
  return () => text;
}

describe("volley runner", () => {
  test("serves a folder and hides its own environment from runners", async () => {
    await using command = volley([FIXTURES, "--region", "eu-west-1"]);
    const answer = (await (await command.execute(["seen"])).json()) as {
      region: string;
      results: { details: { names: string[] } }[];
    };
    expect(answer.region).toBe("eu-west-1");
    expect(answer.results[0]?.details.names).not.toContain("SECRET");
  });

  test("refuses a folder that does not exist, with exit code 2", async () => {
    await using command = volley(["/nonexistent/folder"]);
    expect(await command.process.exited).toBe(2);
    await eventually("the reason is printed", () => command.stderr() !== "");
    expect(command.stderr()).toBe(
      'volley: The folder of runners "/nonexistent/folder" does not exist.\n',
    );
  });

  test("names variables that flags name and that are not set", async () => {
    await using command = volley([FIXTURES, "--token-env", "NO_1", "--pass-env=NO_2,SECRET"]);
    expect(await command.process.exited).toBe(2);
    await eventually("the reason is printed", () => command.stderr().split("\n").length === 3);
    expect(command.stderr()).toBe(
      "volley: --token-env: NO_1 is not set\nvolley: --pass-env: NO_2 is not set\n",
    );
  });

  test("starts on a folder without runners, and says so", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "bad.ts"), "export const = 1;");
    await using command = volley([folder.path]);
    await command.origin();
    const said = () => command.stderr().split("\n").slice(0, -1);
    await eventually("both are logged", () => said().length === 2);
    expect(said().map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: "warn",
        message: "faulty runner file",
        file: "bad.ts",
        fault: expect.stringContaining("1:"),
      }),
      expect.objectContaining({ level: "warn", message: "no runners found" }),
    ]);
  });

  test("says which runners it found, and again when a file has changed", async () => {
    using folder = temporaryFolder();
    const write = (name: string) =>
      writeFileSync(
        join(folder.path, "a.ts"),
        `export async function one() { "use runner"; }\nexport async function ${name}() { "use runner"; }`,
      );
    write("two");
    await using command = volley([folder.path]);
    const origin = await command.origin();
    const found = (): unknown[] =>
      [...command.stderr().matchAll(/"message":"runners found","runners":"(.*?)"/g)].map(
        ([, names]) => names,
      );
    await eventually("the runners are named", () => found().length === 1);
    write("changed");
    await (await fetch(`${origin}/api/runner/info`)).body?.cancel();
    await eventually("the runners are named again", () => found().length === 2);
    expect(found()).toEqual(["one, two", "one, changed"]);
  });

  test("SIGTERM lets a job in flight end, takes no other, then leaves no host behind", async () => {
    const { open, opened } = gate();
    using page = startPage(() => opened);
    await using command = volley([FIXTURES]);
    const answer = command.execute(["fetches"], page.url.href);
    const host = await eventually("a host runs", () => hostsOf(command.process.pid)[0]);
    command.process.kill("SIGTERM");
    const ready = `${await command.origin()}/readyz`;
    await eventually("the server drains", async () => (await fetch(ready)).status === 503);
    expect(await (await command.execute(["seen"])).json()).toMatchObject({ code: "draining" });
    open();
    expect((await answer).status).toBe(200);
    expect(await command.process.exited).toBe(0);
    await eventually("its host is gone", () => processes().every(({ pid }) => pid !== host.pid));
  });

  test("a job that outlives the drain is stopped, and its client told", async () => {
    await using command = volley([FIXTURES, "--drain", "200ms", "--runner-timeout", "10m"]);
    const answer = command.execute(["neverSettles"]);
    await eventually("a host runs", () => hostsOf(command.process.pid).length > 0);
    command.process.kill("SIGTERM");
    expect(await command.process.exited).toBe(0);
    const refused = await answer;
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "draining" });
  });

  test("kill -9 of the server takes its hosts and what they started with it", async () => {
    await using command = volley([FIXTURES]);
    const seconds = uniqueSeconds();
    const runners = [{ name: "spawnsAndLoops", input: { seconds } }];
    const answer = command.execute(runners).catch(() => undefined);
    const host = await eventually("a host runs", () => hostsOf(command.process.pid)[0]);
    const mine = () => processes().filter(({ command: line }) => line.includes(seconds));
    await eventually("both grandchildren run", () => mine().length === 2);
    command.process.kill("SIGKILL");
    await answer;
    await eventually("nothing is left", () =>
      processes().every(({ command: line, pid }) => pid !== host.pid && !line.includes(seconds)),
    );
  });
});
