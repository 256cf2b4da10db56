/** Sockets that speak no proper HTTP, or too slowly, or too much, against the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";

import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { memory } from "../support/proc.ts";
import { runToEnd } from "../support/process.ts";
import { ODD, type RawRequest, SMUGGLING } from "./raw-requests.ts";
import { serve, type Serving } from "./serving.ts";

const folder = temporaryFolder();
let server: Serving;
let key: string;

beforeAll(async () => {
  const args = ["key", "create", "--name", "a", "--scope", "runs:write", "--data", folder.path];
  key = (await runToEnd({ args })).stdout.trim();
  server = await serve({ data: folder.path });
}, 120_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** A connection, and what came back on it. */
class Wire implements Disposable {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #said = "";

  constructor() {
    this.socket = connect({ host: "127.0.0.1", port: Number(new URL(server.origin).port) });
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk: Buffer) => (this.#said += chunk.toString("latin1")));
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  get said(): string {
    return this.#said;
  }

  /** Statuses of all answers so far. */
  get statuses(): number[] {
    return Array.from(this.#said.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** What the server answers to these bytes: a status for each request it saw in them. */
async function answersTo({ answers, bytes, name }: RawRequest): Promise<(number | "none")[]> {
  using wire = new Wire();
  wire.socket.write(bytes);
  await eventually(`an answer to ${name}`, async () => {
    await Promise.race([wire.closed, Bun.sleep(20)]);
    return wire.statuses.length > 0 || wire.socket.destroyed;
  });
  // What follows is on its way, if anything does.
  wire.socket.end();
  await Promise.race([wire.closed, Bun.sleep(2_000)]);
  expect(wire.said).not.toMatch(/\.ts\b|node_modules|Bun v\d|<html/i);
  return answers.includes("none") && wire.statuses.length === 0 ? ["none"] : wire.statuses;
}

async function isHealthy(): Promise<void> {
  expect((await fetch(`${server.origin}/healthz`)).status).toBe(200);
}

/** How long an answer takes: the median, as some may meet a busy machine. */
async function usualAnswerMs(): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < 31; count++) {
    const begun = performance.now();
    await isHealthy();
    times.push(performance.now() - begun);
  }
  return times.toSorted((a, b) => a - b)[15] ?? 0;
}

function logHasNoErrors(): void {
  const errors = server
    .log()
    .split("\n")
    .filter((line) => line.includes('"level":"error"'));
  expect(errors).toEqual([]);
}

describe("volley serve", () => {
  test.each(SMUGGLING.map((raw) => [raw.name, raw] as const))(
    "takes %s for nothing",
    async (_name, raw) => {
      const [first, ...more] = await answersTo(raw);
      expect(raw.answers).toContain(first ?? "none");
      // The request behind it is not seen as one of its own.
      expect(more.filter((status) => status !== 400)).toEqual([]);
      await isHealthy();
    },
  );

  test.each(ODD.map((raw) => [raw.name, raw] as const))(
    "answers %s as what it is",
    async (_name, raw) => {
      const [first] = await answersTo(raw);
      expect(raw.answers).toContain(first ?? "none");
      await isHealthy();
    },
  );

  test("reads no more of a body than it may keep, whatever is announced", async () => {
    const before = memory(server.pid).peak;
    const head = "Host: localhost\r\nContent-Type: application/json\r\n";
    const blob = Buffer.alloc(1024 ** 2, " ");
    const bodies = [
      ["Content-Length: 10000000000\r\n", (piece: Buffer) => piece],
      [
        "Transfer-Encoding: chunked\r\n",
        (piece: Buffer) => Buffer.concat([Buffer.from("100000\r\n"), piece, Buffer.from("\r\n")]),
      ],
    ] as const;
    for (const [framing, piece] of bodies) {
      for (const [authorization, status] of [
        ["", 401],
        [`Authorization: Bearer ${key}\r\n`, 413],
      ] as const) {
        using wire = new Wire();
        wire.socket.write(
          `POST /api/orchestrator HTTP/1.1\r\n${head}${authorization}${framing}\r\n`,
        );
        for (let sent = 0; sent < 200 && !wire.socket.destroyed; sent++) {
          if (wire.socket.write(piece(blob))) continue;
          await Promise.race([
            new Promise((resolve) => wire.socket.once("drain", resolve)),
            wire.closed,
          ]);
        }
        await eventually("a refusal", () => wire.statuses.length > 0 || wire.socket.destroyed);
        expect(wire.statuses[0]).toBe(status);
      }
    }
    expect(memory(server.pid).peak - before).toBeLessThan(100);
    await isHealthy();
    logHasNoErrors();
  }, 120_000);

  test("serves others while hundreds of connections say nothing, or say it slowly", async () => {
    const before = await usualAnswerMs();
    const head = "POST /api/orchestrator HTTP/1.1\r\nHost: localhost\r\n";
    const json = `Authorization: Bearer ${key}\r\nContent-Type: application/json\r\n`;
    const openings = [
      ["", ""],
      ["GET /healthz HTTP/1.1\r\nX: ", "a"],
      [`${head}${json}Content-Length: 1000\r\n\r\n`, " "],
      [`${head}${json}Transfer-Encoding: chunked\r\n\r\n`, "1\r\n \r\n"],
    ] as const;
    const wires = openings.flatMap(([opening, drop]) =>
      Array.from({ length: 125 }, () => {
        const wire = new Wire();
        if (opening !== "") wire.socket.write(opening);
        return { wire, drop };
      }),
    );
    const dripping = setInterval(() => {
      for (const { drop, wire } of wires)
        if (drop !== "" && !wire.socket.destroyed) wire.socket.write(drop);
    }, 500);
    try {
      // Others are not kept waiting, and not until they are cut off.
      expect(await usualAnswerMs()).toBeLessThan(300 + 10 * before);
      expect(wires.filter(({ wire }) => wire.socket.destroyed)).toEqual([]);
      await eventually(
        "all of them are cut off",
        () => wires.every(({ wire }) => wire.socket.destroyed),
        150_000,
      );
    } finally {
      clearInterval(dripping);
      for (const { wire } of wires) wire[Symbol.dispose]();
    }
    await isHealthy();
  }, 300_000);

  test("has done nothing of all that, and calls none of it a defect", async () => {
    const headers = { authorization: `Bearer ${key}` };
    expect(await (await fetch(server.api.base, { headers })).json()).toEqual({ runs: [] });
    logHasNoErrors();
    expect(await server.stop()).toBe(0);
  });
});
