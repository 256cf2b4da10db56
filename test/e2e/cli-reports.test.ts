/** Reports of volley run, watch and report: where they are written, and what moves out of the way. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { RunSummary } from "../../src/domain/run.ts";
import { binary } from "../support/binary.ts";
import { pass, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { onTerminal } from "../support/terminal.ts";
import { URL_FLAGS, volley } from "./cli.ts";
import { serve } from "./serving.ts";

const RUN = ["run", "t", ...URL_FLAGS, "--region", "eu"] as const;

async function started() {
  const folder = temporaryFolder();
  const endpoint = startEndpoint((request) =>
    request.body.runners[0]?.name === "bad"
      ? Response.json({ results: [{ name: "bad", status: "fail" }] })
      : pass(request),
  );
  const server = await serve({ data: join(folder.path, "data"), regions: { eu: endpoint.base } });
  return {
    server,
    endpoint,
    cwd: folder.path,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      endpoint[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

describe("reporters", () => {
  test("write to the file after them, in a folder that is made, and leave the view on stdout", async () => {
    await using at = await started();
    const files = ["-r", "junit", "-o", "out/deep/j.xml", "-r", "json", "-o", "out/s.json"];
    const { code, stderr, stdout } = await volley(at.server, [...RUN, ...files], at);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("✓ pass   eu  t");
    expect(readFileSync(join(at.cwd, "out/deep/j.xml"), "utf8")).toContain('tests="1"');
    const summary = JSON.parse(readFileSync(join(at.cwd, "out/s.json"), "utf8")) as RunSummary;
    const { jobs, runId, state } = await at.server.api.summary(summary.runId);
    expect(summary).toMatchObject({ runId, state, jobs });
  });

  test("one on stdout moves everything else to stderr", async () => {
    await using at = await started();
    const { code, stderr, stdout } = await volley(at.server, [...RUN, "-r", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ state: "completed" });
    expect(stderr).toContain("✓ pass   eu  t");
    expect(stderr).toContain("1 result: 1 passed");
  });

  test("dot shows a character per result, list a line, also on a terminal", async () => {
    await using at = await started();
    const urls = ["a", "b"].flatMap((name) => ["--url", `https://${name}.example/`]);
    const args = ["run", "ok", "ok", ...urls, "--region", "eu"];
    const { stdout } = await volley(at.server, [...args, "-r", "dot"]);
    expect(stdout).toStartWith("....\n\nrunner");
    const env = { VOLLEY_SERVER: at.server.origin };
    await using terminal = await onTerminal({ args: [...args, "-r", "list"], env });
    expect(await terminal.ended).toBe(0);
    expect(terminal.chunks.join("").match(/^✓ pass {3}eu {2}ok/gm)).toHaveLength(4);
    expect(terminal.chunks.join("")).not.toContain("\u001b[J");
  });

  test("a file that cannot be written stops the run before it is submitted", async () => {
    await using at = await started();
    mkdirSync(join(at.cwd, "folder"));
    const { code, stderr } = await volley(at.server, [...RUN, "-r", "md", "-o", "folder"], at);
    expect(code).toBe(2);
    expect(stderr).toBe("volley: -o folder cannot be written: it is a folder\n");
    expect(at.endpoint.received).toEqual([]);
  });

  test("a run that was refused empties no file and leaves none", async () => {
    await using at = await started();
    writeFileSync(join(at.cwd, "old.md"), "of yesterday");
    const files = ["-r", "md", "-o", "old.md", "-r", "html", "-o", "new.html"];
    const args = ["run", "t", ...URL_FLAGS, "--region", "mars", ...files];
    expect((await volley(at.server, args, at)).code).toBe(2);
    expect(readFileSync(join(at.cwd, "old.md"), "utf8")).toBe("of yesterday");
    expect(existsSync(join(at.cwd, "new.html"))).toBeFalse();
  });

  test("a shorter report leaves nothing of a longer one", async () => {
    await using at = await started();
    writeFileSync(join(at.cwd, "r.json"), "x".repeat(100_000));
    expect((await volley(at.server, [...RUN, "-r", "json", "-o", "r.json"], at)).code).toBe(0);
    expect(() => JSON.parse(readFileSync(join(at.cwd, "r.json"), "utf8"))).not.toThrow();
  });

  test("a device can be a file, and stays one", async () => {
    await using at = await started();
    expect((await volley(at.server, [...RUN, "-r", "json", "-o", "/dev/null"])).code).toBe(0);
    expect(await Bun.file("/dev/null").text()).toBe("");
  });

  test("a report that fails to be written is said, and is not success", async () => {
    await using at = await started();
    const { code, stderr } = await volley(at.server, [...RUN, "-r", "json", "-o", "/dev/full"]);
    expect([code, stderr]).toEqual([3, "volley: /dev/full cannot be written: no space is left\n"]);
  });

  test("nor is one that fails to be written to stdout; whoever reads no further wants no more", async () => {
    await using at = await started();
    const said = async (script: string) => {
      const env = { PATH: process.env["PATH"] ?? "", VOLLEY_SERVER: at.server.origin };
      const child = Bun.spawn(["sh", "-c", script, await binary(), ...RUN, "-r", "json"], {
        env,
        stderr: "pipe",
      });
      return [await child.exited, (await new Response(child.stderr).text()).split("\n").at(-2)];
    };
    const lost = "volley: stdout cannot be written: no space is left";
    expect(await said('"$0" "$@" > /dev/full')).toEqual([3, lost]);
    expect((await said('{ "$0" "$@"; echo code $? >&2; } | true'))[1]).toBe("code 0");
  });
});

describe("GitHub Actions", () => {
  test("gets annotations and a summary of the job without being asked", async () => {
    await using at = await started();
    const summary = join(at.cwd, "summary.md");
    writeFileSync(summary, "of another step\n");
    const env = { CI: "true", GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    const args = ["run", "bad", ...URL_FLAGS, "--region", "eu"];
    const { code, stdout } = await volley(at.server, args, { env });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^::error title=bad failed::bad at https:\/\/a\.example\/ failed in eu/m,
    );
    expect(readFileSync(summary, "utf8")).toMatch(/^of another step\n[^]*`bad`/);
    const json = await volley(at.server, [...args, "-r", "json"], { env });
    expect(() => JSON.parse(json.stdout)).not.toThrow();
    expect(json.stderr).toContain("::error");
  });
});

describe("volley report", () => {
  test.each([
    ["list", "✗ fail   eu  bad  https://a.example/\nRun r completed"],
    ["dot", "F\n✗ fail   eu  bad  https://a.example/\nRun r completed"],
  ])("writes %s, which volley run shows while the run is in progress", async (name, text) => {
    await using at = await started();
    await volley(at.server, ["run", "bad", ...URL_FLAGS, "--region", "eu", "--run-id", "r"]);
    const { code, stdout } = await volley(at.server, ["report", "r", "-f", name]);
    expect(code).toBe(0);
    expect(stdout.replace(/ {2}\(\d+ ms\)/g, "")).toStartWith(text);
  });

  test("draws text on a terminal in colour, and no matrix wider than it", async () => {
    await using at = await started();
    await volley(at.server, ["run", "bad", ...URL_FLAGS, "--region", "eu", "--run-id", "r"]);
    const env = { VOLLEY_SERVER: at.server.origin };
    await using terminal = await onTerminal({ args: ["report", "r"], env, columns: 30 });
    expect(await terminal.ended).toBe(0);
    expect(terminal.chunks.join("")).toContain("\u001b[31m✗\u001b[0m eu");
    const plain = await volley(at.server, ["report", "r"]);
    expect(plain.stdout).toStartWith("runner  url                 eu\n");
  });

  test("writes a run as the API does, to stdout or to a file", async () => {
    await using at = await started();
    await volley(at.server, [...RUN, "--run-id", "r"]);
    for (const [name, path] of [
      ["json", "report.json"],
      ["junit", "report.xml"],
      ["md", "report.md"],
      ["html", "report.html"],
      ["txt", "report.txt"],
    ]) {
      const told = await (await fetch(`${at.server.api.base}/r/${path}`)).text();
      const { code, stdout } = await volley(at.server, ["report", "r", "-f", name ?? ""]);
      expect([code, stdout.trimEnd()]).toEqual([0, told.trimEnd()]);
    }
    const { code, stdout } = await volley(
      at.server,
      ["report", "r", "-f", "html", "-o", "x/r.html"],
      at,
    );
    expect([code, stdout]).toEqual([0, ""]);
    expect(readFileSync(join(at.cwd, "x/r.html"), "utf8")).toStartWith("<!DOCTYPE html>");
  });
});
