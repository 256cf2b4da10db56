/** Events of a run as they happen: server-sent events, resumable after any interruption. */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { AppError, runNotFound } from "../../domain/errors.ts";
import type { RunStore } from "../../store/store.ts";
import type { Live, MayGoOn } from "../live/live.ts";
import { originalRequest } from "../own-request.ts";
import { RunParams } from "../params.ts";
import { problems } from "../problem.ts";
import { refuseRepeated } from "../query.ts";

export interface EventRoutesDeps {
  /** Path the routes are served under. */
  readonly basePath: string;
  readonly live: Pick<Live, "changes" | "events" | "progress" | "streams">;
  /** Whether the sender of a request may still read. */
  readonly mayGoOn: (request: Request) => Promise<boolean>;
  /** Most streams open at once. */
  readonly maxStreams: number;
  readonly store: Pick<RunStore, "findLastEvent" | "findStatus">;
  /** Lets a connection be silent for as long as it takes. */
  readonly keepOpen: (request: Request) => void;
}

const EventsQuery = Type.Object(
  {
    detail: Type.Optional(
      Type.Union([Type.Literal("full"), Type.Literal("progress")], {
        description: "`progress`: counts only, at most four times a second. Default `full`.",
      }),
    ),
  },
  { additionalProperties: false },
);
const EventsHeaders = Type.Object(
  {
    "last-event-id": Type.Optional(
      Type.String({ description: "The last event seen; the stream goes on after it." }),
    ),
  },
  { additionalProperties: true },
);
const EventStream = Type.String({
  contentMediaType: "text/event-stream",
  description:
    "`run.started`, `job.started`, `job.finished`, `run.finished` (the last), and `resync` when events were left out.",
});

const NothingMore = Type.Undefined({ description: "`Last-Event-ID` was the run's last event." });

const HEADERS = {
  "content-type": "text/event-stream;charset=utf-8",
  "cache-control": "no-store",
  // Proxies that buffer would deliver the events when they are no news any more.
  "x-accel-buffering": "no",
};

const ChangeStream = Type.String({
  contentMediaType: "text/event-stream",
  description:
    "`runs.changed` with `runIds`; the first one, at once, names none, and so do those about runs of other replicas.",
});

export function eventRoutes({
  basePath,
  keepOpen,
  live,
  maxStreams,
  mayGoOn,
  store,
}: EventRoutesDeps) {
  /** Lets a request have a stream, if there is room for one more; tells whether it may go on. */
  const admit = (request: Request): MayGoOn => {
    if (live.streams >= maxStreams) {
      throw new AppError("at_capacity", `${maxStreams} event streams are open already.`);
    }
    keepOpen(originalRequest(request));
    return () => mayGoOn(request);
  };
  const routes = new Elysia({ prefix: basePath, tags: ["runs"] }).onTransform(refuseRepeated);
  routes.get(
    "/events",
    ({ request }) => {
      if (request.method === "HEAD") return new Response(null, { headers: HEADERS });
      return new Response(live.changes(admit(request)), { headers: HEADERS });
    },
    {
      response: { 200: ChangeStream, ...problems(400, 429, 503) },
      detail: {
        summary: "Which runs change",
        description:
          "Server-sent events that name the runs that were accepted, made progress or ended, at most twice a second. Nothing is resumed: read the list of runs after each connection.",
      },
    },
  );
  return routes.get(
    "/:runId/events",
    async ({ headers, params: { runId }, query, request }) => {
      const lastId = await store.findLastEvent(runId);
      if (lastId === undefined) throw runNotFound(runId);
      const after = lastEventId(headers["last-event-id"]);
      // Nothing will follow a run's last event; 204 tells an EventSource to stay away.
      if (after === lastId && (await hasEnded(store, runId))) {
        return new Response(null, { status: 204 });
      }
      // The framework answers HEAD with this handler, and a stream without a reader would stay.
      if (request.method === "HEAD") return new Response(null, { headers: HEADERS });
      const may = admit(request);
      const stream =
        query.detail === "progress"
          ? live.progress(runId, may)
          : live.events(runId, lastId, after, may);
      return new Response(stream, { headers: HEADERS });
    },
    {
      params: RunParams,
      query: EventsQuery,
      headers: EventsHeaders,
      response: { 200: EventStream, 204: NothingMore, ...problems(400, 404, 429, 503) },
      detail: {
        summary: "Events of a run",
        description:
          "Server-sent events, from the run's first one or from `Last-Event-ID` on. A stream that ends without `run.finished` was interrupted and is to be resumed.",
      },
    },
  );
}

async function hasEnded(store: EventRoutesDeps["store"], runId: string): Promise<boolean> {
  const state = (await store.findStatus(runId))?.state;
  return state !== "queued" && state !== "running";
}

/** What cannot be an id of ours is one that never existed. */
function lastEventId(header: string | undefined): number | undefined {
  if (header === undefined || header === "") return undefined;
  return /^\d{1,15}$/.test(header) ? Number(header) : Infinity;
}
