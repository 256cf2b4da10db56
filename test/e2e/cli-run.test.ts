/** volley run in a pipe: what it sends, what it prints, and how it ends. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Answer, pass, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { URL_FLAGS, volley } from "./cli.ts";
import { serve } from "./serving.ts";

/** Answers what a url's last segment says. */
const asked: Answer = (request) => {
  const word = request.body.url.split("/").at(-1) ?? "";
  if (!["fail", "error"].includes(word)) return pass(request);
  const errorMessage = word === "error" ? { errorMessage: "It threw." } : {};
  return Response.json({
    results: request.body.runners.map(({ name }) => ({ name, status: word, ...errorMessage })),
  });
};

/** A port that nobody listens on. */
const DEAD = "http://127.0.0.1:1/api/runner";

describe("volley run in a pipe", () => {
  test("sends runners x urls x regions with all that flags say", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    const regions = { eu: `${endpoint.base}/eu`, us: `${endpoint.base}/us` };
    await using server = await serve({ data: folder.path, regions });
    const line =
      "run one two --url https://a.example/ --url https://b.example/ --region eu --region us " +
      "--input selector=#x --input depth:=3 --tag nightly --tag slow --concurrency 2 " +
      "--timeout 5m --job-timeout 30s --retries 1 --run-id of-mine";
    const { code, stderr, stdout } = await volley(server, line.split(" "));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith("Run of-mine: 4 jobs\n✓ pass   ");
    expect(
      stdout.match(/^✓ pass {3}(eu|us) {2}(one|two) {2}https:\/\/[ab]\.example\//gm),
    ).toHaveLength(8);
    expect(stdout).not.toContain("\u001b");
    const bodies = endpoint.received.map(({ body }) => `${body.region} ${body.url}`);
    expect(bodies.toSorted()).toEqual([
      "eu https://a.example/",
      "eu https://b.example/",
      "us https://a.example/",
      "us https://b.example/",
    ]);
    expect(endpoint.received[0]?.body.runners).toEqual(
      ["one", "two"].map((name) => ({
        name,
        input: { selector: "#x", depth: 3, url: endpoint.received[0]?.body.url ?? "" },
      })),
    );
    expect(endpoint.peak()).toBeLessThanOrEqual(2);
    const { runs } = (await (await fetch(`${server.api.base}?tag=slow`)).json()) as {
      runs: { runId: string; tags: string[] }[];
    };
    expect(runs).toMatchObject([{ runId: "of-mine", tags: ["nightly", "slow"] }]);
  });

  test.each([
    ["ok", "eu", 0],
    ["fail", "eu", 1],
    ["error", "eu", 1],
    ["ok", "dead", 3],
  ])("ends with the code of %s in %s: %d", async (word, region, expected) => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(asked);
    const regions = { eu: endpoint.base, dead: DEAD };
    await using server = await serve({ data: folder.path, regions });
    const url = `https://a.example/${word}`;
    const { code } = await volley(server, ["run", "t", "--url", url, "--region", region]);
    expect(code).toBe(expected);
  });

  test("says of each region why it could not be reached, and ends with 3", async () => {
    using folder = temporaryFolder();
    await using server = await serve({
      data: folder.path,
      regions: { eu: DEAD, us: "http://nowhere.invalid/api/runner" },
    });
    const args = ["run", "t", ...URL_FLAGS, "--region", "eu", "--region", "us"];
    const { code, stdout } = await volley(server, args);
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /No region could be reached:\n {2}eu {2}The endpoint refused the connection\.\n {2}us {2}The endpoint's host name does not resolve\.\n/,
    );
  });

  test("ends with 4 when the run's limit strikes", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(({ signal }) => {
      const { promise, resolve } = Promise.withResolvers<Response>();
      signal.addEventListener("abort", () => resolve(new Response()));
      return promise;
    });
    await using server = await serve({
      data: folder.path,
      regions: { eu: endpoint.base, dead: DEAD },
    });
    const args = [
      "run",
      "t",
      ...URL_FLAGS,
      "--region",
      "eu",
      "--region",
      "dead",
      "--timeout",
      "300ms",
    ];
    const { code, stdout } = await volley(server, args);
    expect(code).toBe(4);
    expect(stdout).toContain("timed out after");
  });

  test("takes a request from a file or from stdin; flags replace its settings", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    await using server = await serve({
      data: join(folder.path, "data"),
      regions: { eu: endpoint.base },
    });
    const runner = { name: "t", region: "eu", input: { url: "https://a.example/" } };
    const file = join(folder.path, "request.json");
    writeFileSync(
      file,
      JSON.stringify({ runners: [runner], mode: "remote", runId: "a", tags: ["x"] }),
    );
    const { code } = await volley(server, ["run", "--file", file, "--run-id", "b"]);
    expect(code).toBe(0);
    const { stdout } = await volley(server, ["ls", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ runId: "b", tags: ["x"] });
  });

  test("prints the id alone and leaves with --detach; watch and ls find the run", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(asked);
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const url = "https://a.example/fail";
    const args = ["run", "t", "--url", url, "--region", "eu", "--detach"];
    const detached = await volley(server, args);
    expect(detached).toMatchObject({ code: 0, stderr: "" });
    expect(detached.stdout).toMatch(/^run_[\w-]+\n$/);
    const runId = detached.stdout.trim();
    const watched = await volley(server, ["watch", runId]);
    expect(watched.code).toBe(1);
    expect(watched.stdout).toStartWith(`Run ${runId}: 1 job\n✗ fail   eu  t  ${url}\n`);
    const { stdout } = await volley(server, ["ls"]);
    expect(stdout.split("\n")[1]).toStartWith(`${runId}  completed  1 failed`);
    const cancelled = await volley(server, ["cancel", runId]);
    expect(cancelled).toMatchObject({ code: 2, stdout: "" });
    expect(cancelled.stderr).toContain("ended");
  });

  test("sends nothing with --list", async () => {
    const args = ["run", "one", "two", ...URL_FLAGS, "--region", "eu", "--region", "us", "--list"];
    const { code, stdout } = await volley(undefined, args, {
      env: { VOLLEY_SERVER: "http://127.0.0.1:1" },
    });
    expect([code, stdout]).toEqual([
      0,
      "https://a.example/  eu  one, two\nhttps://a.example/  us  one, two\n\n2 jobs, 4 results; nothing was sent.\n",
    ]);
  });

  test("runs again what did not pass, or everything", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(asked);
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const urls = ["ok", "fail"].flatMap((word) => ["--url", `https://a.example/${word}`]);
    await volley(server, ["run", "t", ...urls, "--region", "eu", "--run-id", "first"]);
    const failed = await volley(server, ["run", "--rerun", "first"]);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("1 result: 0 passed, 1 failed");
    const all = await volley(server, ["run", "--rerun", "first", "--only", "all"]);
    expect(all.stdout).toContain("2 results: 1 passed, 1 failed");
    const { stdout } = await volley(server, ["ls", "--limit", "3"]);
    expect(stdout.split("\n")).toHaveLength(5);
  });
});
