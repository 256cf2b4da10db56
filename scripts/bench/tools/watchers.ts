/**
 * Many clients of one event stream. Raw sockets that count what arrives: a client that parses
 * would cost more than the server that is measured.
 */
import type { Socket } from "bun";

import { answerQuestions } from "./tool.ts";

/** `watch`: answered once every client has its response. `ended`: once each has the last event. */
export type WatchersQuestion =
  | { readonly type: "watch"; readonly url: string; readonly clients: number }
  | { readonly type: "ended" };

export interface WatchersAnswer {
  /** Events per client, of the one that got fewest. */
  readonly jobsFinished: number;
  readonly progress: number;
  /** Clients that were told to read the run anew. */
  readonly resynced: number;
  readonly bytes: number;
}

const EVENTS = ["run.finished", "run.progress", "job.finished", "resync"] as const;
type EventName = (typeof EVENTS)[number];
const MARKS = EVENTS.map((name) => [name, Buffer.from(`event: ${name}\n`)] as const);
const LONGEST = Math.max(...MARKS.map(([, mark]) => mark.length));

interface Client {
  readonly counts: Record<EventName, number>;
  /** The end of what has been read: a mark may be cut in two. */
  tail: Buffer;
  bytes: number;
  started: boolean;
}

let clients: Client[] = [];
let ended = Promise.resolve();

answerQuestions(async (question: WatchersQuestion): Promise<WatchersAnswer> => {
  if (question.type === "watch") await watch(new URL(question.url), question.clients);
  else await ended;
  const fewest = (name: EventName): number => Math.min(...clients.map((one) => one.counts[name]));
  return {
    jobsFinished: fewest("job.finished"),
    progress: fewest("run.progress"),
    resynced: clients.filter(({ counts }) => counts.resync > 0).length,
    bytes: clients.reduce((sum, { bytes }) => sum + bytes, 0),
  };
});

async function watch(url: URL, count: number): Promise<void> {
  clients = [];
  const watching = Array.from({ length: count }, () => connect(url));
  await Promise.all(watching.map(({ opened }) => opened));
  ended = Promise.all(watching.map(({ over }) => over)).then(() => {});
}

function connect({ host, hostname, pathname, port, search }: URL) {
  const opened = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const client: Client = {
    counts: { "run.finished": 0, "run.progress": 0, "job.finished": 0, resync: 0 },
    tail: Buffer.alloc(0),
    bytes: 0,
    started: false,
  };
  clients.push(client);
  const fail = (why: string): void => {
    const error = new Error(why);
    opened.reject(error);
    over.reject(error);
  };
  void Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: (socket) =>
        void socket.write(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n\r\n`),
      data: (socket: Socket, chunk) => {
        if (!client.started && !chunk.toString("latin1", 0, 15).startsWith("HTTP/1.1 200")) {
          return fail(`Not a stream: ${chunk.toString("latin1", 0, 200)}`);
        }
        client.started = true;
        opened.resolve();
        count(client, chunk);
        if (client.counts["run.finished"] === 0) return;
        over.resolve();
        socket.end();
      },
      close: () => fail("A stream ended before its run did."),
      error: (_socket, error) => fail(error.message),
    },
  }).catch(({ message }: Error) => fail(message));
  over.promise.catch(() => {});
  return { opened: opened.promise, over: over.promise };
}

function count(client: Client, chunk: Buffer): void {
  client.bytes += chunk.length;
  const text = Buffer.concat([client.tail, chunk]);
  for (const [name, mark] of MARKS) {
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
      // What ends inside the tail was counted with the chunk before.
      if (at + mark.length > client.tail.length) client.counts[name]++;
    }
  }
  client.tail = text.subarray(-LONGEST);
}
