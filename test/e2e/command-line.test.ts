/** The binary's command line, and the folder it is started in. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { version } from "../../package.json" with { type: "json" };
import { COMMANDS } from "../../src/cli/commands.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd } from "../support/process.ts";
import { jobs, serve } from "./serving.ts";

describe("volley", () => {
  test.each(["--version", "-v"])("%s prints the version", async (flag) => {
    expect(await runToEnd({ args: [flag] })).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });

  test.each([["--help"], ["-h"], ["help"]])("%s lists the commands", async (flag) => {
    const { code, stderr, stdout } = await runToEnd({ args: [flag] });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Usage: volley COMMAND");
    expect(stdout).toMatch(/^ {2}serve +\S/m);
    expect(stdout).toMatch(/^ {2}runner +\S/m);
  });

  test("without a command says how to use it, and fails", async () => {
    const { code, stderr, stdout } = await runToEnd({ args: [] });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: volley COMMAND");
  });

  test.each([["srve"], ["__proto__"], ["constructor"], ["--prot"]])(
    "%s is not a command",
    async (name) => {
      const { code, stderr, stdout } = await runToEnd({ args: [name] });
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toBe(`volley: "${name}" is not a command; see volley --help.\n`);
    },
  );

  test.each([["serve --help"], ["serve -h"], ["help serve"], ["serve --port x --help"]])(
    "%s shows flags with their defaults, and examples, whatever the environment",
    async (line) => {
      const args = line.split(" ");
      const env = { PLAYWRIGHT_RUNNERS: "{", VOLLEY_PORT: "x" };
      const { code, stderr, stdout } = await runToEnd({ args, env });
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toStartWith("Usage: volley serve");
      for (const shown of ["(default 3000)", "(default 4MiB)", "(default 25s)", "Examples:"]) {
        expect(stdout).toContain(shown);
      }
      for (const flag of [
        "--host",
        "--port",
        "--data",
        "--max-in-flight",
        "--max-body",
        "--drain",
      ]) {
        expect(stdout).toMatch(new RegExp(`^  ${flag} [A-Z]+ +\\S`, "m"));
      }
    },
  );

  test("no line of a command's help is longer than 100 columns", async () => {
    for (const name of Object.keys(COMMANDS)) {
      const { stdout } = await runToEnd({ args: [name, "--help"] });
      const long = stdout.split("\n").filter((line) => line.length > 100);
      expect([name, long]).toEqual([name, []]);
    }
  });

  test("runner --help shows the flags of the runner server", async () => {
    const { code, stdout } = await runToEnd({ args: ["runner", "--help"] });
    expect(code).toBe(0);
    expect(stdout).toStartWith("Usage: volley runner");
    expect(stdout).toContain("--region");
  });

  test.each(["runner", "mock-runner"])("%s refuses a region that none can be", async (command) => {
    const { code, stderr } = await runToEnd({ args: [command, "--region", "eu west"] });
    expect([code, stderr]).toEqual([
      2,
      'volley: --region must be letters, digits, ".", "_" and "-", at most 63, beginning with a letter or digit, not "eu west"\n',
    ]);
  });

  test("takes flags from the environment; the command line wins", async () => {
    using folder = temporaryFolder();
    const env = { VOLLEY_MAX_BODY: "200", VOLLEY_MAX_RUNNERS: "1", VOLLEY_PORT: "1" };
    await using server = await serve({ data: folder.path, env, args: ["--max-runners", "2"] });
    const large = await server.api.post({ ...jobs(1), tags: ["x".repeat(300)] });
    expect(large.status).toBe(413);
    await server.stop();
  });
});

describe("volley serve in a hostile folder", () => {
  test("runs nothing of it and takes nothing from it", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    const cwd = join(folder.path, "cwd");
    mkdirSync(join(cwd, "node_modules", "elysia"), { recursive: true });
    const marker = join(folder.path, "executed");
    const evil = `require("node:fs").writeFileSync(${JSON.stringify(marker)}, import.meta.path);`;
    const files: Readonly<Record<string, string>> = {
      "evil.ts": evil,
      "bunfig.toml": 'preload = ["./evil.ts"]\n[run]\npreload = ["./evil.ts"]\n[serve]\nport = 1\n',
      ".env": `PLAYWRIGHT_RUNNERS={"evil":"${endpoint.base}"}\nVOLLEY_MAX_RUNNERS=1\nVOLLEY_PORT=1\n`,
      ".env.local": "VOLLEY_DATA=elsewhere\n",
      ".env.production": "VOLLEY_DATA=elsewhere\n",
      "package.json":
        '{"name":"evil","main":"evil.ts","imports":{"#x":"./evil.ts"},"type":"module"}',
      "tsconfig.json": '{"compilerOptions":{"paths":{"elysia":["./evil.ts"],"*":["./evil.ts"]}}}',
      "node_modules/elysia/index.js": evil,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);

    const data = join(folder.path, "data");
    await using server = await serve({ data, cwd, regions: { eu: endpoint.base } });
    const summary = await server.api.ended(await server.api.submit(jobs(2)));
    expect(summary).toMatchObject({ state: "completed", summary: { passed: 2 } });
    const { runners } = jobs(1);
    const other = await server.api.post({
      mode: "remote",
      runners: runners.map((runner) => ({ ...runner, region: "evil" })),
    });
    expect(await other.json()).toMatchObject({ code: "unknown_region" });
    expect((await fetch(`${server.api.base}/docs/swagger-ui.css`)).status).toBe(200);
    for (const args of [
      ["key", "generate"],
      ["key", "ls", "--data", data],
      ["types", "--print"],
    ]) {
      expect([args, (await runToEnd({ args, cwd })).code]).toEqual([args, 0]);
    }
    expect(await server.stop()).toBe(0);
    expect(existsSync(marker)).toBeFalse();
    expect(existsSync(join(cwd, "elsewhere"))).toBeFalse();
  });

  test("needs no folder of its own: an empty one will do", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    const cwd = join(folder.path, "empty");
    mkdirSync(cwd);
    await using server = await serve({ data: "here", cwd, regions: { eu: endpoint.base } });
    expect((await server.api.ended(await server.api.submit(jobs(1)))).state).toBe("completed");
    expect(existsSync(join(cwd, "here", "volley.sqlite"))).toBeTrue();
  });
});
