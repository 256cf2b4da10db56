/** A runner server as a process, asked by names and versions of HTTP that a framework stumbles on. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { join } from "node:path";

import { start, type Started } from "../support/process.ts";

const FIXTURES = join(import.meta.dir, "..", "fixtures", "runners");
const BEARER = "Authorization: Bearer raw-token\r\n";
const INFO = "GET /api/runner/info";

let server: Started;

beforeAll(async () => {
  const args = ["runner", FIXTURES, "--port", "0", "--token-env", "RAW"];
  server = await start({ args, env: { RAW: "raw-token" } });
});

afterAll(() => server[Symbol.asyncDispose]());

/** Everything the server says until it closes the connection. */
function said(bytes: string): Promise<string> {
  const { promise, reject, resolve } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(server.origin).port) });
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", reject);
  socket.on("close", () => resolve(text));
  socket.write(bytes);
  return promise;
}

test.each([
  ["a name of two letters", `${INFO} HTTP/1.1\r\nHost: eu\r\nConnection: close\r\n`],
  ["no name at all", `${INFO} HTTP/1.0\r\n`],
])("asks for its token and answers to %s", async (_what, head) => {
  expect(await said(`${head}${BEARER}\r\n`)).toMatch(/^HTTP\/1\.1 200 [^]*"runners":\[/);
  const refused = await said(`${head}\r\n`);
  expect(refused).toMatch(/^HTTP\/1\.1 401 [^]*application\/problem\+json/);
  expect(server.log()).not.toContain('"level":"error"');
  expect(server.log()).not.toMatch(/^\s+at /m);
});
