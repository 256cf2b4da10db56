/** A server file whose default export is the handler, run with `bun server.ts`. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Api } from "../support/process.ts";
import { request } from "./serving.ts";

const HANDLER = join(import.meta.dir, "..", "..", "src", "handler.ts");

/** Runs `server.ts` with this text; ends it when disposed. */
function bunServer(cwd: string, text: string, env: Readonly<Record<string, string>>) {
  writeFileSync(join(cwd, "server.ts"), text);
  const child = Bun.spawn([process.execPath, "server.ts"], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  let output = "";
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const chunk of stream) output += new TextDecoder().decode(chunk);
  };
  void collect(child.stdout);
  void collect(child.stderr);
  return {
    child,
    output: () => output,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** A port that was free a moment ago: a default export cannot tell which one it got. */
function freePort(): string {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  void server.stop(true);
  return String(port);
}

const FILE = `
import { createOrchestratorHandler } from ${JSON.stringify(HANDLER)};
export default createOrchestratorHandler();
`;

/** The adapter may replace the process's Request and Response: not to be tried in this process. */
const nodeFile = (options: string): string => `
import { createServer } from "node:http";
import { getRequestListener } from ${JSON.stringify(import.meta.resolve("@hono/node-server"))};
import { createOrchestratorHandler } from ${JSON.stringify(HANDLER)};
const listener = getRequestListener(createOrchestratorHandler().fetch, ${options});
createServer(listener).listen(Number(process.env.BUN_PORT));
`;

describe("an application that mounts it", () => {
  test("passes a type check of its own", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "server.ts"), FILE);
    const compilerOptions = {
      strict: true,
      target: "esnext",
      module: "preserve",
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
      types: [join(import.meta.dir, "..", "..", "node_modules", "bun-types")],
    };
    const tsconfig = JSON.stringify({ compilerOptions, files: ["server.ts"] });
    writeFileSync(join(folder.path, "tsconfig.json"), tsconfig);
    const checked = Bun.spawn([process.execPath, "check"], {
      cwd: folder.path,
      stdout: "pipe",
      stderr: "pipe",
    });
    const said = await new Response(checked.stdout).text();
    expect([await checked.exited, said]).toEqual([0, expect.any(String)]);
  }, 120_000);
});

describe("export default createOrchestratorHandler()", () => {
  test("serves the API with `bun server.ts`, regions from the environment", async () => {
    using endpoint = startEndpoint();
    using folder = temporaryFolder();
    const port = freePort();
    const runners = JSON.stringify({ eu: endpoint.base });
    const env = { BUN_PORT: port, PLAYWRIGHT_RUNNERS: runners };
    await using server = bunServer(folder.path, FILE, env);
    const origin = `http://127.0.0.1:${port}`;
    await eventually("the server answers", async () => (await fetch(`${origin}/healthz`)).ok);
    const api = new Api(origin);
    const summary = await api.ended(await api.submit(request(["eu"])));
    expect(summary).toMatchObject({ state: "completed", summary: { passed: 1 } });
    expect((await fetch(`${api.base}/docs`)).status).toBe(200);
    // The process is the file's own: it was not replaced, and a signal ends it as it would any.
    server.child.kill("SIGTERM");
    await server.child.exited;
    expect(server.child.signalCode).toBe("SIGTERM");
  });

  test.each([
    ["whose adapter leaves the globals alone", "{ overrideGlobalObjects: false }"],
    ["whose adapter replaces Request and Response", "{}"],
  ])("serves the API behind node:http, too, %s", async (_what, options) => {
    using endpoint = startEndpoint();
    using folder = temporaryFolder();
    const port = freePort();
    const runners = JSON.stringify({ eu: endpoint.base });
    const env = { BUN_PORT: port, PLAYWRIGHT_RUNNERS: runners };
    await using _server = bunServer(folder.path, nodeFile(options), env);
    const origin = `http://127.0.0.1:${port}`;
    await eventually("the server answers", async () => (await fetch(`${origin}/healthz`)).ok);
    const api = new Api(origin);
    const summary = await api.ended(await api.submit(request(["eu"])));
    expect(summary).toMatchObject({ state: "completed", summary: { passed: 1 } });
    expect((await api.post("{")).status).toBe(400);
    expect((await api.post(" ".repeat(5_000_000))).status).toBe(413);
    expect((await fetch(`${api.base}/docs`)).status).toBe(200);
  });

  test("fails with a message that names every fault of the environment", async () => {
    using folder = temporaryFolder();
    const runners = JSON.stringify({ eu: "ftp://a", "a b": "http://x" });
    const env = { BUN_PORT: freePort(), PLAYWRIGHT_RUNNERS: runners };
    await using server = bunServer(folder.path, FILE, env);
    expect(await server.child.exited).toBe(1);
    await eventually("both faults are told", () =>
      ['"eu"', '"a b"', "StartError"].every((part) => server.output().includes(part)),
    );
  });
});
