/**
 * Client: the API of a volley server, typed. Nothing is repeated here; see `Patience`.
 *
 * It talks through a `Carrier`, so that a server in this process is used like one on the network.
 */
import type { Comparison, ComparisonSource } from "../domain/comparison.ts";
import type { RunEvent } from "../domain/event.ts";
import type { RegionList } from "../domain/fleet.ts";
import type { Job, State } from "../domain/job.ts";
import type { RunHead, RunList, RunRequest, RunStatus } from "../domain/run.ts";
import type { RunWarning } from "../domain/warning.ts";
import { NotVolley, ServerAway } from "./errors.ts";
import { EventParser } from "./event-stream.ts";
import { type Carrier, exchange, readJson } from "./exchange.ts";
import { chunks, Silence } from "./streamed-body.ts";

export interface ClientOptions {
  readonly carry: Carrier;
  /** URL of the API without a trailing slash, such as `http://127.0.0.1:3000/api/orchestrator`. */
  readonly base: string;
  /** Sent as a bearer token with each request. */
  readonly key?: string | undefined;
}

/** What a stream tells: an event of the run, or that events were left out up to this one. */
export type StreamEvent = RunEvent | { readonly id: number; readonly type: "resync" };

/** A run as it was read, its jobs one at a time: none has to be in memory with the others. */
export interface ReadRun {
  readonly head: RunHead;
  /** In fan-out order, from the first one at every call; a later call reads them anew. */
  jobs(): AsyncIterable<Job>;
  /** Its regions side by side, and against earlier runs. */
  comparison(): Promise<ComparisonSource>;
}

/** A run that was accepted, and what is known to go wrong in it. */
export interface AcceptedRun {
  readonly runId: string;
  readonly warnings?: readonly RunWarning[];
}

/** What of a run is run again. */
export type Again =
  | "failed"
  | "all"
  | readonly { readonly name: string; readonly region?: string; readonly url: string }[];

/** Filters of a list of runs, as the API names them. */
export type ListQuery = Readonly<Record<string, string>>;

/** Longest wait for an answer, in milliseconds. */
const ANSWER_LIMIT_MS = 60_000;

interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Media type of the answer. Default: JSON. */
  readonly accept?: string;
}

export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Submits a run. Repeating it with the same key starts no second run, and tells no warnings. */
  submit(request: RunRequest, idempotencyKey: string): Promise<AcceptedRun> {
    return this.#accepted("", { body: request, headers: { "idempotency-key": idempotencyKey } });
  }

  /** Runs an ended run again, as a new one. */
  rerun(runId: string, again: Again, idempotencyKey: string): Promise<AcceptedRun> {
    const headers = { "idempotency-key": idempotencyKey };
    const body = typeof again === "string" ? { only: again } : { cells: again };
    return this.#accepted(`${path(runId)}/rerun`, { body, headers });
  }

  status(runId: string): Promise<RunStatus> {
    return this.#json("GET", `${path(runId)}/status`, "runId");
  }

  /** The run without its jobs. */
  async head(runId: string): Promise<RunHead> {
    const lines = this.#lines(runId);
    try {
      return headOf((await lines.next()).value);
    } finally {
      await lines.return(undefined);
    }
  }

  /** The run with all its jobs; partial while it is in progress. */
  async read(runId: string): Promise<ReadRun> {
    const lines = this.#lines(runId);
    const head = headOf((await lines.next()).value);
    let unread: AsyncGenerator<unknown> | undefined = lines;
    const anew = async function* (client: Client): AsyncGenerator<unknown> {
      const again = client.#lines(runId);
      await again.next();
      yield* again;
    };
    return {
      head,
      jobs: () => {
        const jobs = unread ?? anew(this);
        unread = undefined;
        return jobs as AsyncGenerator<Job>;
      },
      comparison: async () => comparisonSource(await this.comparison(runId)),
    };
  }

  /** The run's regions side by side; partial while it is in progress. */
  comparison(runId: string): Promise<Comparison> {
    return this.#json("GET", `${path(runId)}/comparison`, "rows");
  }

  /** Resolves with the state the run is in, or will end in. */
  async cancel(runId: string): Promise<State> {
    const { state } = await this.#json<RunStatus>("POST", `${path(runId)}/cancel`, "state");
    return state;
  }

  /** How the server's regions are; asked anew after 30 s, for about 2 s at most. */
  regions(): Promise<RegionList> {
    return this.#json("GET", "/regions", "regions");
  }

  list(query: ListQuery): Promise<RunList> {
    return this.#json("GET", `?${new URLSearchParams(query)}`, "runs");
  }

  /**
   * The events of a run after the one with id `after`, as they happen. Returns when the stream ends,
   * which it also does when it is interrupted. Rejects with NotVolley for what is no event stream.
   */
  async *events(
    runId: string,
    after: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<StreamEvent> {
    const headers = after === undefined ? {} : { "last-event-id": String(after) };
    const parser = new EventParser();
    const call = { headers, accept: "text/event-stream" };
    for await (const text of this.#text(`${path(runId)}/events`, call, signal)) {
      for (const { data, id, type } of parser.add(text)) {
        yield { id: Number(id), type, data: parsed(data) } as StreamEvent;
      }
    }
  }

  /**
   * Ids of runs as they change. Returns when the stream ends, which it also does when it is
   * interrupted; what was missed is told to nobody.
   */
  async *changes(signal: AbortSignal): AsyncGenerator<readonly string[]> {
    const parser = new EventParser();
    for await (const text of this.#text("/events", { accept: "text/event-stream" }, signal)) {
      for (const { data } of parser.add(text)) {
        yield (parsed(data) as { readonly runIds: readonly string[] }).runIds;
      }
    }
  }

  /** The lines of a run's report as JSON lines: its head, then its jobs. */
  async *#lines(runId: string): AsyncGenerator<unknown> {
    const call = { accept: "application/x-ndjson" };
    let rest = "";
    for await (const text of this.#text(`${path(runId)}/report.ndjson`, call)) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield parsed(line);
    }
    // Every line has an end; a connection that is closed early may look like the end of the body.
    if (rest !== "") throw new ServerAway("closed the connection early", { unsent: false });
  }

  /** The text of an answer of this type, as it arrives; it may take as long as it is not silent. */
  async *#text(
    suffix: string,
    call: Call & { readonly accept: string },
    signal?: AbortSignal,
  ): AsyncGenerator<string> {
    using silence = new Silence();
    const either = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
    const response = await exchange(
      this.#options.carry,
      this.#request("GET", suffix, call, either),
    );
    if (response.status === 204) return;
    const type = response.headers.get("content-type")?.split(";")[0]?.trim() ?? "nothing";
    if (type.toLowerCase() !== call.accept || !response.body) {
      await response.body?.cancel();
      throw new NotVolley(`answered ${type} instead of ${call.accept}`);
    }
    const decoder = new TextDecoder();
    for await (const chunk of chunks(response.body, either)) {
      silence.broken();
      yield decoder.decode(chunk, { stream: true });
    }
  }

  #accepted(suffix: string, call: Call): Promise<AcceptedRun> {
    return this.#json("POST", suffix, "runId", call);
  }

  /** `field`: what must be there for the answer to be one of volley's. */
  async #json<Shape>(
    method: string,
    suffix: string,
    field: string,
    call: Call = {},
  ): Promise<Shape> {
    const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const request = this.#request(method, suffix, call, limit);
    const value = await readJson(await exchange(this.#options.carry, request));
    if (isObjectWith(field, value)) return value as Shape;
    throw new NotVolley("answered JSON of another kind");
  }

  #request(method: string, suffix: string, call: Call, signal: AbortSignal): Request {
    const { base, key } = this.#options;
    const { accept = "application/json", body, headers } = call;
    return new Request(base + suffix, {
      method,
      headers: {
        accept,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
  }
}

/** A comparison that is in memory as a whole, as reports read it. */
export function comparisonSource({ rows, ...rest }: Comparison): ComparisonSource {
  const { causes, changes, red, regions, ...head } = rest;
  const each = async function* () {
    yield* rows;
  };
  return { head, rows: each(), totals: () => ({ causes, changes, red, regions }) };
}

function path(runId: string): string {
  return `/${encodeURIComponent(runId)}`;
}

function headOf(line: unknown): RunHead {
  if (isObjectWith("runId", line)) return line as RunHead;
  throw new NotVolley("answered JSON lines of another kind");
}

function isObjectWith(field: string, value: unknown): boolean {
  return typeof value === "object" && value !== null && field in value;
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new NotVolley("sent something that is not JSON");
  }
}
