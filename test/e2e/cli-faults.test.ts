/** What the command line says to bad input: one sentence each that tells what to type. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { issueKey } from "../../src/domain/key.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { URL_FLAGS, volley } from "./cli.ts";
import { mock } from "./mocking.ts";
import { serve } from "./serving.ts";

const RUN = ["run", "t", ...URL_FLAGS, "--region", "eu"] as const;

describe("usage", () => {
  test.each([
    [["run"], ["name the runners to run", "--url is missing", "--region is missing"]],
    [["run", "t", ...URL_FLAGS], ['--region is missing; "volley regions" lists']],
    [[...RUN, "--input", "x"], ["--input must be KEY=TEXT or KEY:=JSON"]],
    [[...RUN, "--input", "x:={"], ["--input x:= needs JSON"]],
    [[...RUN, "--input", "url=x"], ["is what --url is for"]],
    [[...RUN, "-r", "xml"], ["-r must be one of list, dot, json"]],
    [[...RUN, "-o", "f"], ["-o f belongs after the -r NAME"]],
    [[...RUN, "-r", "json", "-r", "junit"], ["would both write to stdout"]],
    [[...RUN, "-r", "md", "-o", "f", "-r", "txt", "-o", "./f"], ["would both write"]],
    [[...RUN, "-r", "md", "-o", "f", "-o", "g"], ["-r md has a file already"]],
    [[...RUN, "-r", "md", "-o", "/dev/null/x/r.md"], ["cannot be written: its folder is a file"]],
    [[...RUN, "--rerun", "x"], ["--url cannot stand beside --rerun"]],
    [[...RUN, "--only", "all"], ["it needs --rerun RUN"]],
    [[...RUN, "--detach", "-r", "json"], ["see volley report"]],
    [[...RUN, "--file", "x"], ["--url cannot stand beside --file"]],
    [["run", "--file", "/nowhere/x.json"], ["/x.json cannot be read: it does not exist"]],
    [["watch"], ["RUN is missing"]],
    [["ls", "extra"], ['unexpected argument "extra"']],
    [
      ["ls", "--since", "24"],
      ['--since must be how long ago, as 24h, or an ISO 8601 time, not "24"'],
    ],
    [["ls", "--server", "nonsense"], ["--server must be an http:// or https:// URL"]],
    [["ls", "--server", "http://user:secret@h/"], ["use --key-file FILE"]],
    [["ls", "--key-file", "/nowhere/key"], ["/key cannot be read: it does not exist"]],
    [["completion", "powershell"], ["name a shell: bash, zsh or fish"]],
  ] as const)("%j", async (args, sentences) => {
    const { code, stderr, stdout } = await volley(undefined, args);
    expect([code, stdout]).toEqual([2, ""]);
    for (const sentence of sentences) expect(stderr).toContain(sentence);
    for (const line of stderr.trimEnd().split("\n")) expect(line).toStartWith("volley: ");
  });

  test("a request file that is no JSON: what the parser stumbled over", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "request.json");
    writeFileSync(file, '{\n  "mode": "remote",\n}');
    const { code, stderr } = await volley(undefined, ["run", "--file", file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^volley: --file .*request\.json is not valid JSON: Property name must/);
  });

  test("a key on the command line is refused, and shown nowhere", async () => {
    const { code, stderr } = await volley(undefined, [...RUN, "--key", "s3cret"]);
    expect(code).toBe(2);
    expect(stderr).toContain("use --key-file FILE or VOLLEY_API_KEY");
    expect(stderr).not.toContain("s3cret");
  });
});

describe("a server", () => {
  test("that does not listen: exit 3, and what to type", async () => {
    const { code, stderr } = await volley({ origin: "http://127.0.0.1:1" }, RUN);
    expect(code).toBe(3);
    expect(stderr).toBe(
      'volley: http://127.0.0.1:1 refused the connection; start one with "volley serve", name another with --server URL, or use volley run --local DIR.\n',
    );
  });

  test("that is a runner server: exit 2, and what to type", async () => {
    await using runner = await mock();
    for (const args of [RUN, ["ls"], ["cancel", "x"], ["watch", "x"], ["report", "x"]] as const) {
      const { code, stderr } = await volley(runner, args);
      expect(code).toBe(2);
      expect(stderr).toEndWith(
        `volley: ${runner.origin} is no orchestrator, but perhaps a runner server; name one that "volley serve" started with --server URL.\n`,
      );
    }
  });

  test.each([
    ["text", () => new Response("<html>"), "answered text/plain instead of JSON"],
    ["JSON of another kind", () => Response.json([]), "answered JSON of another kind"],
    ["an error of its own", () => new Response("", { status: 404 }), "answered HTTP status 404"],
    [
      "a redirect",
      () => Response.redirect("https://x.example/"),
      "answered a redirect to https://x",
    ],
  ])("that is no volley server but answers %s: exit 2", async (_, answer, words) => {
    using other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
    const { origin } = other.url;
    for (const args of [RUN, ["ls"], ["cancel", "x"], ["watch", "x"], ["report", "x"]] as const) {
      const { code, stderr } = await volley({ origin }, args);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /is no volley server: it answered .*; name one with --server URL\.\n$/,
      );
      const isJson = !["watch", "report"].includes(args[0]);
      if (isJson) expect(stderr).toContain(`${origin} is no volley server: it ${words}`);
    }
  });

  test("that refuses: exit 2, with each fault once", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const args = ["run", "a", "b", ...URL_FLAGS, "--region", "mars", "--region", "eu"];
    const { code, stderr, stdout } = await volley(server, args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Configured regions: eu.");
    expect(stderr).toContain('Region "mars" is not configured. (/runners/0/region and 1 more)');
    expect(endpoint.received).toEqual([]);
  });

  test.each([["watch"], ["cancel"], ["report"], ["run --rerun"]])(
    "that has no such run: %s ends with 2 and tells how to list runs",
    async (command) => {
      using folder = temporaryFolder();
      await using server = await serve({ data: folder.path });
      const { code, stderr, stdout } = await volley(server, [...command.split(" "), "nope"]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toBe(
        `volley: There is no run "nope". "volley ls --server ${server.origin}" lists the runs of ${server.origin}.\n`,
      );
    },
  );
});

describe("the API key", () => {
  test("is asked for, or told that the server does not accept it", async () => {
    using folder = temporaryFolder();
    const [strong, weak] = [issueKey().text, issueKey().text];
    const file = join(folder.path, "admin");
    writeFileSync(file, strong);
    await using server = await serve({ data: folder.path, args: ["--admin-key-file", file] });
    const without = await volley(server, ["ls"]);
    expect(without.code).toBe(2);
    expect(without.stderr).toContain("For a key, set VOLLEY_API_KEY or use --key-file FILE.");
    const refused = await volley(server, ["ls"], { env: { VOLLEY_API_KEY: weak } });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe(
      `volley: ${server.origin} does not accept the key in VOLLEY_API_KEY: it is unknown, expired or revoked.\n`,
    );
    expect((await volley(server, ["ls", "--key-file", file])).code).toBe(0);
  });

  test("that may only read is told so, with where it came from", async () => {
    using folder = temporaryFolder();
    const key = await volley(undefined, ["key", "create", "--name", "r", "--data", folder.path]);
    const file = join(folder.path, "reader");
    writeFileSync(file, key.stdout);
    await using server = await serve({ data: folder.path });
    const { code, stderr } = await volley(server, ["cancel", "x", "--key-file", file]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `volley: ${server.origin} says: This needs a key with the scope runs:write. The key in ${file} has less.\n`,
    );
  });

  test("is sent as a bearer token, from the environment or from a file, which wins", async () => {
    using folder = temporaryFolder();
    const seen: (string | null)[] = [];
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        seen.push(request.headers.get("authorization"));
        return Response.json({ runs: [] });
      },
    });
    const { origin } = server.url;
    const file = join(folder.path, "key");
    writeFileSync(file, "from-file\n");
    const env = { VOLLEY_API_KEY: "from-environment" };
    await volley({ origin }, ["ls"]);
    await volley({ origin }, ["ls"], { env });
    await volley({ origin }, ["ls", "--key-file", file], { env });
    expect(seen).toEqual([null, "Bearer from-environment", "Bearer from-file"]);
  });
});
