/** The client against the real API, in this process, and against servers that are none. */
import { describe, expect, test } from "bun:test";

import { Client } from "../../src/client/client.ts";
import { NotVolley, Refusal, ServerAway } from "../../src/client/errors.ts";
import { type Carrier, network } from "../../src/client/exchange.ts";
import { follow, type Followed } from "../../src/client/follow.ts";
import { Patience } from "../../src/client/patience.ts";
import type { RunRequest } from "../../src/domain/run.ts";
import { BASE, Served } from "../http/serving.ts";
import { gate, pass, startEndpoint } from "../support/endpoint.ts";

const request = (count: number): RunRequest => ({
  runners: Array.from({ length: count }, (_, index) => ({
    name: "t",
    region: "eu",
    input: { url: `https://a.example/${index}` },
  })),
  mode: "remote",
});

const clientOf = (carry: Carrier, origin = "http://localhost"): Client =>
  new Client({ carry, base: origin + BASE });

const patience = () => new Patience({ limitMs: 60_000, onTrouble: () => {} });

async function followed(client: Pick<Client, "events" | "status">, runId: string) {
  const { signal } = new AbortController();
  return Array.fromAsync(follow(client, runId, { patience: patience(), signal }));
}

const idsOf = (events: readonly Followed[]): number[] =>
  events.flatMap((event) => (event.type === "stale" ? [] : [event.id]));

describe("Client", () => {
  test("submits once for one key, reads, lists and cancels", async () => {
    using endpoint = startEndpoint();
    await using served = new Served({ regions: { eu: endpoint.base } });
    const client = clientOf(served.handler);
    const { runId } = await client.submit(request(2), "key");
    expect(await client.submit(request(2), "key")).toEqual({ runId });
    await served.ended(runId);
    expect((await client.status(runId)).state).toBe("completed");
    const run = await client.read(runId);
    expect(run.head).toMatchObject({ runId, summary: { passed: 2 } });
    expect(await client.head(runId)).toEqual(run.head);
    const urls = ["https://a.example/0", "https://a.example/1"];
    for (let reading = 0; reading < 2; reading++) {
      const jobs = await Array.fromAsync(run.jobs());
      expect(jobs.map(({ url }) => url)).toEqual(urls);
    }
    expect((await client.list({ limit: "1" })).runs).toMatchObject([{ runId }]);
    expect(client.cancel(runId)).rejects.toMatchObject({ code: "run_ended", status: 409 });
    const again = await client.rerun(runId, "all", "other");
    expect((await served.ended(again.runId)).parentRunId).toBe(runId);
  });

  test("tells a refusal with its code and faults", async () => {
    await using served = new Served();
    const refusal = await clientOf(served.handler)
      .submit(request(1), "key")
      .catch((error: unknown) => error as Refusal);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({ code: "unknown_region", status: 422 });
    expect((refusal as Refusal).faults[0]?.path).toBe("/runners/0/region");
  });

  test("tells a server that is away from one that is none", async () => {
    const away = clientOf(network, "http://127.0.0.1:1").list({});
    expect(away).rejects.toBeInstanceOf(ServerAway);
    expect(away).rejects.toMatchObject({ unsent: true });
    const answers = (answer: () => Response): Client => clientOf(async () => answer());
    const gateway = answers(() => new Response("", { status: 502 })).list({});
    expect(gateway).rejects.toMatchObject({ name: "ServerAway", unsent: false });
    for (const answer of [
      () => new Response("<html>"),
      () => Response.json({ other: 1 }),
      () => new Response("", { status: 404 }),
      () => Response.redirect("http://x.example/"),
    ]) {
      expect(answers(answer).list({})).rejects.toBeInstanceOf(NotVolley);
    }
  });

  test("takes a body that is cut off for a server that is away", async () => {
    using server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          const head =
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ncontent-length: 999";
          socket.end(`${head}\r\n\r\n{"runId":"r"}\n{"jobId":"a"}\n{"jo`);
        },
      },
    });
    const run = clientOf(network, `http://127.0.0.1:${server.port}`).read("r");
    const jobs = run.then((read) => Array.fromAsync(read.jobs()));
    expect(jobs).rejects.toBeInstanceOf(ServerAway);
  });
});

describe("follow", () => {
  test("yields every event of a run in order, up to the last", async () => {
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    await using served = new Served({ regions: { eu: endpoint.base } });
    const client = clientOf(served.handler);
    const { runId } = await client.submit(request(20), "key");
    const events = followed(client, runId);
    open();
    const ids = idsOf(await events);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect((await events).at(-1)?.type).toBe("run.finished");
    expect((await events).filter(({ type }) => type === "job.finished")).toHaveLength(20);
  });

  test("resumes after the last event seen, however often the stream breaks", async () => {
    using endpoint = startEndpoint();
    await using served = new Served({ regions: { eu: endpoint.base } });
    const client = clientOf(served.handler);
    const { runId } = await client.submit(request(10), "key");
    await served.ended(runId);
    const resumed: (number | undefined)[] = [];
    const breaking: Pick<Client, "events" | "status"> = {
      // The run seems to be in progress as long as its last event was not seen.
      status: async () => ({ ...(await client.status(runId)), state: "running" }),
      async *events(id, after, signal) {
        resumed.push(after);
        let left = 5;
        for await (const event of client.events(id, after, signal)) {
          if (left-- === 0) throw new ServerAway("closed the connection early", { unsent: false });
          yield event;
        }
      },
    };
    const ids = idsOf(await followed(breaking, runId));
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect(resumed).toEqual([undefined, 5, 10, 15, 20].slice(0, resumed.length));
    expect(resumed.length).toBeGreaterThan(3);
  });

  test("asks the status where events do not get through", async () => {
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    await using served = new Served({ regions: { eu: endpoint.base } });
    const client = clientOf((sent) =>
      sent.url.endsWith("/events") ? Promise.resolve(new Response("no")) : served.handler(sent),
    );
    const { runId } = await client.submit(request(1), "key");
    const events = followed(client, runId);
    open();
    const last = (await events).at(-1);
    expect(last).toMatchObject({ type: "stale", status: { state: "completed" } });
  });

  test("leaves at once when its signal aborts", async () => {
    const { opened } = gate();
    using endpoint = startEndpoint(async () => {
      await opened;
      return new Response();
    });
    await using served = new Served({ regions: { eu: endpoint.base } });
    const client = clientOf(served.handler);
    const { runId } = await client.submit(request(1), "key");
    const controller = new AbortController();
    const events = follow(client, runId, { patience: patience(), signal: controller.signal });
    expect((await events.next()).value?.type).toBe("run.started");
    const next = Array.fromAsync(events);
    controller.abort();
    expect(next).rejects.toBe(controller.signal.reason);
  });

  test("rejects for a run that is not there", async () => {
    await using served = new Served();
    expect(followed(clientOf(served.handler), "nope")).rejects.toMatchObject({
      code: "run_not_found",
    });
  });
});
