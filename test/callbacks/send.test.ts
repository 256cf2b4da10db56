/** One attempt, against real servers: what is dialled, what is sent, what is made of an answer. */
import { describe, expect, test } from "bun:test";

import { Receivers } from "../../src/callbacks/receivers.ts";
import { type Message, send, SEND_LIMIT_MS, type SendOptions } from "../../src/callbacks/send.ts";
import { claimedSignature, isSigned, parseSigningKeys } from "../../src/lib/signature.ts";
import { soon } from "../dispatch/dispatching.ts";
import { type RawAnswer, rawHeader, startRawServer } from "../support/raw-server.ts";

const keys = parseSigningKeys(`whsec_${Buffer.alloc(32, 1).toString("base64")}`) ?? [];
const NOW = Date.UTC(2026, 0, 2);
const LOOPBACK = ["127.0.0.0/8", "::1"];

interface Sending extends Partial<Message> {
  readonly allowed?: readonly string[];
  /** What each name resolves to; an error if nothing. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

function sending({ allowed = LOOPBACK, names = {}, ...message }: Sending) {
  const asked: string[] = [];
  const options: SendOptions = {
    keys,
    receivers: new Receivers(allowed),
    now: () => NOW,
    addresses: async (host) => {
      asked.push(host);
      const addresses = names[host];
      if (addresses) return addresses;
      throw Object.assign(new Error(`getaddrinfo ${host}`), { code: "ENOTFOUND" });
    },
  };
  const whole = { id: "callback_1", url: "", body: '{"a":"ü"}', earlier: 0, ...message };
  const stop = new AbortController();
  return { asked, stop, sent: soon(send(whole, stop.signal, options)) };
}

const answer =
  (status: string, ...lines: string[]): RawAnswer =>
  (socket) =>
    socket.end([`HTTP/1.1 ${status}`, ...lines, "content-length: 6", "", "s3cret"].join("\r\n"));

describe("send", () => {
  test("posts the body, signed, to the address that was checked", async () => {
    using server = await startRawServer(answer("204 No Content"));
    const { port } = new URL(server.origin);
    const { asked, sent } = sending({
      url: `http://Receiver.test.:${port}/hook?a=1`,
      names: { "receiver.test": ["127.0.0.1"] },
    });
    expect(await sent).toEqual({ state: "delivered", status: 204 });
    // Asked once: a second answer could be another one.
    expect(asked).toEqual(["receiver.test"]);
    const request = server.requests[0]!;
    expect(request.head).toStartWith("POST /hook?a=1 HTTP/1.1\r\n");
    expect(rawHeader(request, "host")).toBe(`receiver.test:${port}`);
    expect(rawHeader(request, "content-type")).toBe("application/json");
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    const headers = new Headers(names.map((name) => [name, rawHeader(request, name) ?? ""]));
    const claimed = claimedSignature(headers)!;
    expect(claimed).toMatchObject({ id: "callback_1", timestamp: String(NOW / 1_000) });
    const bytes = Buffer.from(request.body, "latin1");
    expect(bytes.toString()).toBe('{"a":"ü"}');
    expect(isSigned(keys, claimed, bytes)).toBeTrue();
  });

  test.each([
    ["a name of a private address", ["10.0.0.1"], "private"],
    ["a name of a loopback address", ["127.0.0.1"], "loopback"],
    ["a name of a mapped address", ["::ffff:127.0.0.1"], "loopback"],
    ["a name of a metadata service", ["169.254.169.254"], "metadata"],
    ["a name with one bad address among good ones", ["93.184.216.34", "::1"], "loopback"],
    ["a name whose address is no address", ["nonsense"], "no address"],
  ])("refuses %s for good, and dials nothing", async (_what, addresses, why) => {
    using server = await startRawServer(answer("200 OK"));
    const { port } = new URL(server.origin);
    const url = `https://rebinding.test:${port}/`;
    const result = await sending({ url, allowed: [], names: { "rebinding.test": addresses } }).sent;
    expect(result).toMatchObject({ state: "refused", final: true });
    expect(result).toHaveProperty("error", expect.stringContaining(why));
    expect(server.connections()).toBe(0);
  });

  test("refuses what its text tells before it asks for a name", async () => {
    for (const url of [
      "http://127.0.0.1/",
      "ftp://a.test/",
      "https://u:p@a.test/",
      "https://[::1]/",
    ]) {
      const { asked, sent } = sending({ url, allowed: [] });
      expect(await sent).toMatchObject({ state: "refused" });
      expect(asked).toEqual([]);
    }
  });

  test("tries the next address of a name after a failure", async () => {
    using server = await startRawServer(answer("200 OK"));
    const { port } = new URL(server.origin);
    const names = { "two.test": ["127.0.0.2", "127.0.0.1"] };
    const url = `http://two.test:${port}/`;
    const results = [0, 1, 2].map((earlier) => sending({ url, names, earlier }).sent);
    expect((await Promise.all(results)).map(({ state }) => state)).toEqual([
      "failed",
      "delivered",
      "failed",
    ]);
  });

  test("follows no redirect, not even to itself", async () => {
    using other = await startRawServer(answer("200 OK"));
    for (const status of [
      "301 Moved",
      "302 Found",
      "303 See Other",
      "307 Temporary",
      "308 Permanent",
    ]) {
      using server = await startRawServer(answer(status, `location: ${other.origin}/`));
      expect(await sending({ url: server.origin }).sent).toEqual({
        state: "failed",
        final: false,
        status: Number(status.slice(0, 3)),
        error: `The receiver answered HTTP status ${status.slice(0, 3)}, a redirect, which is not followed.`,
      });
    }
    expect(other.connections()).toBe(0);
  });

  test.each<[string, RawAnswer, object]>([
    ["an error", answer("500 Oops"), { final: false, status: 500 }],
    ["a busy receiver", answer("429 Busy", "retry-after: 120"), { final: false, afterMs: 120_000 }],
    ["a receiver that has gone", answer("410 Gone"), { final: true, status: 410 }],
    ["a connection that is closed", (socket) => socket.destroy(), { final: false }],
    ["what is not HTTP", (socket) => socket.end("hello"), { final: false }],
  ])("tells %s, in a sentence without what was answered", async (_what, raw, expected) => {
    using server = await startRawServer(raw);
    const result = await sending({ url: server.origin }).sent;
    expect(result).toMatchObject({ state: "failed", ...expected });
    expect(JSON.stringify(result)).not.toMatch(/s3cret|127\.0\.0\.1|hello|Oops/);
  });

  test("does not wait for a body that never ends", async () => {
    using server = await startRawServer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      const piece = `10000\r\n${"x".repeat(65_536)}\r\n`;
      const more = (): void => void (socket.destroyed || socket.write(piece, more));
      more();
    });
    expect(await sending({ url: server.origin }).sent).toEqual({ state: "delivered", status: 200 });
  });

  test("gives up on a receiver, or a resolver, that says nothing", async () => {
    using server = await startRawServer(() => {});
    const silent = sending({ url: server.origin });
    const stopped = sending({ url: server.origin });
    stopped.stop.abort();
    expect(await stopped.sent).toMatchObject({ state: "failed", final: false });
    expect(await silent.sent).toMatchObject({
      state: "failed",
      final: false,
      error: `The receiver did not answer within ${SEND_LIMIT_MS} ms.`,
    });
  }, 120_000);

  test("says that a name does not resolve, or to nothing", async () => {
    expect(await sending({ url: "https://no.test/" }).sent).toMatchObject({
      error: "The receiver could not be reached (dns_failure).",
    });
    expect(await sending({ url: "https://no.test/", names: { "no.test": [] } }).sent).toMatchObject(
      {
        state: "failed",
        error: "The receiver's host name does not resolve.",
      },
    );
  });
});
