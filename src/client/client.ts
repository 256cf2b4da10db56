/**
 * Client: the API of a volley server, typed. Nothing is repeated here; see `Patience`.
 *
 * It talks through a `Carrier`, so that a server in this process is used like one on the network.
 */
import type { RunEvent } from "../domain/event.ts";
import type { State } from "../domain/job.ts";
import type { RunList, RunRequest, RunStatus, RunSummary } from "../domain/run.ts";
import { NotVolley } from "./errors.ts";
import { EventParser } from "./event-stream.ts";
import { type Carrier, exchange, readJson, transportFailure } from "./exchange.ts";

export interface ClientOptions {
  readonly carry: Carrier;
  /** URL of the API without a trailing slash, such as `http://127.0.0.1:3000/api/orchestrator`. */
  readonly base: string;
  /** Sent as a bearer token with each request. */
  readonly key?: string | undefined;
}

/** What a stream tells: an event of the run, or that events were left out up to this one. */
export type StreamEvent = RunEvent | { readonly id: number; readonly type: "resync" };

/** Filters of a list of runs, as the API names them. */
export type ListQuery = Readonly<Record<string, string>>;

/** Longest wait for an answer, in milliseconds. */
const ANSWER_LIMIT_MS = 60_000;
/** A server sends a heartbeat every 15 seconds; a stream silent for longer than this is dead. */
const SILENCE_LIMIT_MS = 40_000;

interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Submits a run and resolves with its id. Repeating it with the same key starts no second run. */
  submit(request: RunRequest, idempotencyKey: string): Promise<string> {
    return this.#runId("", { body: request, headers: { "idempotency-key": idempotencyKey } });
  }

  /** Runs an ended run again and resolves with the id of the new one. */
  rerun(runId: string, only: "failed" | "all", idempotencyKey: string): Promise<string> {
    const headers = { "idempotency-key": idempotencyKey };
    return this.#runId(`${path(runId)}/rerun`, { body: { only }, headers });
  }

  status(runId: string): Promise<RunStatus> {
    return this.#json("GET", `${path(runId)}/status`, "runId");
  }

  /** The run with all its jobs; partial while it is in progress. */
  summary(runId: string): Promise<RunSummary> {
    return this.#json("GET", path(runId), "jobs");
  }

  /** Resolves with the state the run is in, or will end in. */
  async cancel(runId: string): Promise<State> {
    const { state } = await this.#json<RunStatus>("POST", `${path(runId)}/cancel`, "state");
    return state;
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
    using silence = new Silence(SILENCE_LIMIT_MS);
    const either = AbortSignal.any([signal, silence.signal]);
    const headers = {
      accept: "text/event-stream",
      ...(after === undefined ? {} : { "last-event-id": String(after) }),
    };
    const request = this.#request("GET", `${path(runId)}/events`, { headers }, either);
    const response = await exchange(this.#options.carry, request);
    if (response.status === 204) return;
    const type = response.headers.get("content-type") ?? "";
    if (!/^text\/event-stream\b/i.test(type) || !response.body) {
      await response.body?.cancel();
      throw new NotVolley(`answered ${type || "nothing"} instead of an event stream`);
    }
    const parser = new EventParser();
    const decoder = new TextDecoder();
    for await (const chunk of chunks(response.body, either)) {
      silence.broken();
      for (const { data, id, type: name } of parser.add(decoder.decode(chunk, { stream: true }))) {
        yield { id: Number(id), type: name, data: parsed(data) } as StreamEvent;
      }
    }
  }

  async #runId(suffix: string, call: Call): Promise<string> {
    return (await this.#json<{ runId: string }>("POST", suffix, "runId", call)).runId;
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
    if (typeof value === "object" && value !== null && field in value) return value as Shape;
    throw new NotVolley("answered JSON of another kind");
  }

  #request(method: string, suffix: string, call: Call, signal: AbortSignal): Request {
    const { base, key } = this.#options;
    const { body, headers } = call;
    return new Request(base + suffix, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
  }
}

function path(runId: string): string {
  return `/${encodeURIComponent(runId)}`;
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new NotVolley("sent an event that is not JSON");
  }
}

/** The chunks of a body until it ends or the signal aborts; a carrier may not know of signals. */
async function* chunks(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), aborted.promise]);
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw transportFailure(error);
  } finally {
    signal.removeEventListener("abort", abort);
    // A connection that is already broken rejects this.
    await reader.cancel().catch(() => {});
  }
}

/** A signal that aborts, as a time limit does, once nothing was heard for so long. */
class Silence implements Disposable {
  readonly #controller = new AbortController();
  readonly #limitMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.broken();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    clearTimeout(this.#timer);
    const silent = new DOMException("Nothing was heard.", "TimeoutError");
    this.#timer = setTimeout(() => this.#controller.abort(silent), this.#limitMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
