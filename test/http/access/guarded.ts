/** The orchestrator's app behind its access checks, with keys of every kind and nothing behind. */
import { type ApiKey, issueKey, type Scope, SCOPES } from "../../../src/domain/key.ts";
import { type AccessSettings, createAccess } from "../../../src/http/access/create-access.ts";
import { safeFetch } from "../../../src/http/app.ts";
import type { MayGoOn } from "../../../src/http/live/live.ts";
import { orchestratorApp } from "../../../src/http/orchestrator-app.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { Metrics } from "../../../src/lib/metrics.ts";
import { SqliteKeyStore } from "../../../src/store/sqlite/keys.ts";
import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { BASE } from "../serving.ts";

export class Guarded implements AsyncDisposable {
  readonly keys = new SqliteKeyStore(openDatabase(":memory:"));
  /** Method and path of every route. */
  readonly routes: readonly (readonly [method: string, path: string])[];
  /** The same, with the schemas of each. */
  readonly table: readonly unknown[];
  /** Calls of what lies behind the checks. */
  touched = 0;
  /** What the newest event stream asks at its heartbeats. */
  mayGoOn: MayGoOn | undefined;
  now = Date.UTC(2026, 0, 2);
  monotonic = 0;
  readonly #close: () => Promise<void>;
  readonly #fetch: (request: Request) => Promise<Response>;

  constructor(settings: AccessSettings = {}) {
    const clock = { now: () => this.now, monotonic: () => this.monotonic };
    const access = createAccess(settings, { keys: this.keys, clock, log: silentLog });
    const nothing = async (): Promise<undefined> => void this.touched++;
    const submitted = async () => {
      this.touched++;
      return { runId: "run_x", replayed: false };
    };
    const app = orchestratorApp({
      access,
      basePath: BASE,
      log: silentLog,
      maxBody: 10_000,
      maxRunTime: 60_000,
      maxStreams: 10,
      metrics: new Metrics(),
      orchestrator: {
        submit: submitted,
        rerun: submitted,
        cancel: async () => "cancelled",
        ended: nothing,
      },
      store: {
        findStatus: nothing,
        findRun: nothing,
        findJobs: async () => [],
        findSettings: nothing,
        findAnswers: async () => [],
        findPast: async () => ({ jobs: [] }),
        findLastEvent: async () => ++this.touched,
        listRuns: async () => ({ runs: [] }),
      },
      secrets: { seal: (given) => given },
      callbacks: {
        store: {
          findCallbacks: async () => [],
          repeat: nothing,
        },
        now: () => 0,
        wake: () => {},
      },
      live: {
        changes: (may) => this.#opened(may),
        events: (_runId, _lastId, _after, may) => this.#opened(may),
        progress: (_runId, may) => this.#opened(may),
        streams: 0,
      },
      endpointOf: () => undefined,
      fleet: { report: async () => ({ regions: [] }), inputSchemas: () => undefined },
      keepOpen: () => {},
      isDraining: () => false,
    });
    this.table = app.routes;
    this.routes = app.routes.map(({ method, path }) => [method, path]);
    this.#fetch = safeFetch(app);
    this.#close = access.close;
  }

  #opened(mayGoOn: MayGoOn | undefined): ReadableStream<Uint8Array> {
    this.mayGoOn = mayGoOn;
    return new ReadableStream();
  }

  /** A new key's text. */
  async key(scope: Scope, more: Partial<ApiKey> = {}): Promise<string> {
    const { digest, id, text } = issueKey();
    const name = `${scope} key`;
    await this.keys.createKey({ id, name, scope, digest, createdAt: this.now, ...more });
    if (more.revokedAt !== undefined) await this.keys.revokeKey(id, more.revokedAt);
    // That there was none is believed for so long.
    this.monotonic += 10;
    return text;
  }

  /** A key of each scope. */
  async scopes(): Promise<Map<Scope, string>> {
    const texts = await Promise.all(SCOPES.map((scope) => this.key(scope)));
    return new Map(SCOPES.map((scope, index) => [scope, texts[index] ?? ""]));
  }

  send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: unknown,
  ): Promise<Response> {
    const json = body === undefined ? {} : { "content-type": "application/json" };
    return this.#fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: { host: "localhost", ...json, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.keys.close();
  }
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
