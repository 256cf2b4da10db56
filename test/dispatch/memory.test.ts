/** However much an endpoint sends, or compresses, a dispatch holds little of it. */
import { describe, expect, test } from "bun:test";
import { constants, createBrotliCompress, createGzip, createZstdCompress } from "node:zlib";

import { startRawServer } from "../support/raw-server.ts";
import { dispatcher, job, MAX_RESPONSE, never, soon } from "./dispatching.ts";
import { CHUNKED, flood, response } from "./zoo/beast.ts";

const spaces = Buffer.alloc(65_536, 32);

describe("remoteDispatch keeps memory bounded", () => {
  test.each([
    ["gzip", () => createGzip({ level: 9 })],
    ["br", () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })],
    ["zstd", createZstdCompress],
  ])("when a little %s stands for 200 MB", async (coding, compressor) => {
    const bomb = await compressedSpaces(compressor() as ReturnType<typeof createGzip>, 200);
    expect(bomb.length).toBeLessThan(300_000);
    const bytes = response(bomb, { headers: [`content-encoding: ${coding}`] });
    using hostile = await startRawServer((socket) => socket.end(bytes));
    await expectLittleMemory(hostile.origin);
  });

  test("when the body is 80 MB of chunks", async () => {
    using hostile = await startRawServer((socket) => {
      socket.write(CHUNKED);
      flood(socket, Buffer.concat([Buffer.from("10000\r\n"), spaces, Buffer.from("\r\n")]));
    });
    await expectLittleMemory(hostile.origin);
  });
});

/** Ten meetings in a row: what they would hold together is far more than the bound. */
async function expectLittleMemory(endpoint: string): Promise<void> {
  const dispatch = dispatcher({ bad: endpoint });
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 1);
  try {
    for (let met = 0; met < 10; met++) {
      expect(await soon(dispatch(job("bad"), never()))).toMatchObject({
        errorCode: "response_too_large",
        error: `The endpoint answered more than ${MAX_RESPONSE} bytes.`,
      });
      peak = Math.max(peak, process.memoryUsage.rss());
    }
  } finally {
    clearInterval(watch);
  }
  expect((peak - before) / 1e6).toBeLessThan(120);
}

/** So many megabytes of spaces, compressed without ever being in memory as a whole. */
async function compressedSpaces(
  compressor: ReturnType<typeof createGzip>,
  megabytes: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  compressor.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => compressor.on("end", resolve));
  const megabyte = Buffer.alloc(1_000_000, 32);
  for (let written = 0; written < megabytes; written++) {
    if (!compressor.write(megabyte)) {
      await new Promise((resolve) => compressor.once("drain", resolve));
    }
  }
  compressor.end();
  await ended;
  return Buffer.concat(chunks);
}
