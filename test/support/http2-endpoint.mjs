/**
 * A runner endpoint over HTTP/2, as a program for Node: its HTTP/2 is another implementation than
 * the one under test. Started by http2-endpoint.ts.
 *
 * The path before /execute says how it answers; a plain HTTP port tells what happened, and does
 * what no request could ask for. argv: certificate, key, options as JSON.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { constants, createSecureServer } from "node:http2";

const [cert, key, json] = process.argv.slice(2);
const { maxStreams, goawayEvery, http1 = false } = JSON.parse(json);

const state = {
  connections: 0,
  open: 0,
  active: 0,
  peak: 0,
  cancelled: 0,
  ignored: 0,
  older: 0,
  posts: {},
};
const sessions = new Set();
const held = new Set();

function answer(body) {
  const { runners } = JSON.parse(body);
  return JSON.stringify({ results: runners.map(() => ({ status: "pass" })) });
}

function pass(stream, body) {
  if (stream.destroyed) return;
  stream.respond({ ":status": 200, "content-type": "application/json" });
  stream.end(answer(body));
}

const BEHAVIOUR = {
  pass,
  /** Until /release. */
  hold: (stream, body) => held.add(() => pass(stream, body)),
  brief: (stream, body) => setTimeout(pass, 5, stream, body),
  /** As the first runner is named. */
  mixed: (stream, body) => BEHAVIOUR[JSON.parse(body).runners[0].name](stream, body),
  reset: (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  refuse: (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  /** Announces much and sends nothing. */
  large: (stream) => stream.respond({ ":status": 200, "content-length": 9_999_999 }),
  flood: (stream) => {
    stream.respond({ ":status": 200 });
    const pour = () => {
      while (!stream.destroyed && stream.write(Buffer.alloc(65_536, 32)));
    };
    stream.on("drain", pour);
    pour();
  },
};

const server = createSecureServer({
  cert: readFileSync(cert),
  key: readFileSync(key),
  allowHTTP1: http1,
  settings: maxStreams === undefined ? {} : { maxConcurrentStreams: maxStreams },
});
server.on("sessionError", () => {});
server.on("session", (session) => {
  state.connections++;
  state.open++;
  sessions.add(session);
  session.on("error", () => {});
  session.on("close", () => {
    state.open--;
    sessions.delete(session);
  });
  let received = 0;
  /** The last stream that is served after a GOAWAY; what comes later was never executed. */
  let last = Infinity;
  session.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    // Only jobs are told of: who asks for /info gets no answer worth counting.
    if (headers[":method"] !== "POST") {
      stream.respond({ ":status": 404 }, { endStream: true });
      return;
    }
    if (stream.id > last) {
      state.ignored++;
      return;
    }
    if (++received === goawayEvery) {
      last = stream.id;
      session.goaway(constants.NGHTTP2_NO_ERROR, last);
    }
    receive(stream, headers);
  });
});

function receive(stream, headers) {
  const [, behaviour] = headers[":path"].split("/");
  const id = headers["idempotency-key"];
  state.posts[id] = (state.posts[id] ?? 0) + 1;
  state.peak = Math.max(state.peak, ++state.active);
  stream.on("close", () => {
    state.active--;
    if (stream.rstCode === constants.NGHTTP2_CANCEL) state.cancelled++;
  });
  // Unread, the body fills the window of its connection, and the client cannot send on.
  if (behaviour === "unread") return;
  let body = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk) => (body += chunk));
  stream.on("end", () => BEHAVIOUR[behaviour](stream, body));
}

/** Each request is announced in this way, too; those of HTTP/2 were received as streams. */
server.on("request", (request, response) => {
  if (request.httpVersionMajor === 2) return;
  const id = request.headers["idempotency-key"];
  state.posts[id] = (state.posts[id] ?? 0) + 1;
  state.older++;
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => response.end(answer(body)));
});

const CONTROL = {
  "/state": () => {},
  "/release": () => {
    for (const release of held) release();
    held.clear();
  },
  /** Graceful: what is in flight is finished. */
  "/goaway": () => {
    for (const session of sessions) session.close();
  },
};

const control = createServer((request, response) => {
  CONTROL[request.url]();
  response.end(JSON.stringify(state));
});

server.listen(0, "127.0.0.1", () => {
  control.listen(0, "127.0.0.1", () => {
    console.log(JSON.stringify({ port: server.address().port, control: control.address().port }));
  });
});
