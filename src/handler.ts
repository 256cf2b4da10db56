/**
 * createOrchestratorHandler: the orchestrator as a request handler for any server that speaks
 * Request and Response.
 *
 * As a library it never exits, never replaces the process and installs no signal or rejection
 * handlers: what stops it is thrown. What an application's type checker must know of imported
 * files that are no code is referenced here.
 */
/// <reference path="./http/docs/assets.d.ts" />
/// <reference path="./report/css.d.ts" />
/// <reference path="./store/sql.d.ts" />
import { join } from "node:path";

import { openDeliveries } from "./callbacks/open-deliveries.ts";
import {
  hostOptions,
  libraryConfig,
  type LibraryOptions,
  type OrchestratorConfig,
} from "./config.ts";
import { failure } from "./dispatch/answer.ts";
import type { Dispatch } from "./dispatch/dispatch.ts";
import { Fleet } from "./dispatch/fleet.ts";
import { localDispatch } from "./dispatch/local.ts";
import { truthful } from "./dispatch/region-truth.ts";
import { remoteDispatch } from "./dispatch/remote.ts";
import { withSecrets } from "./dispatch/with-secrets.ts";
import { StartError } from "./domain/errors.ts";
import { type Region, secretsOfRegions } from "./domain/region.ts";
import { openRunSecrets, type RunSecrets, SEAL_KEY_FILE } from "./domain/run-secrets.ts";
import { API_PATH } from "./domain/server-flag.ts";
import {
  type AccessParts,
  type AccessSettings,
  createAccess,
} from "./http/access/create-access.ts";
import { safeFetch } from "./http/app.ts";
import { handlerFaults } from "./http/handler-options.ts";
import { Live } from "./http/live/live.ts";
import { watchLoopLag } from "./http/loop-lag.ts";
import { orchestratorApp } from "./http/orchestrator-app.ts";
import { type Clock, clockBy, systemClock } from "./lib/clock.ts";
import { type Log, redactedLog, silentLog } from "./lib/log.ts";
import { Metrics } from "./lib/metrics.ts";
import { present } from "./lib/present.ts";
import { Redactor } from "./lib/redactor.ts";
import { writtenKeys } from "./lib/signature.ts";
import { nextTurn } from "./lib/turn.ts";
import type { EndpointCall } from "./orchestrator/comparison/calls.ts";
import { hasChanged } from "./orchestrator/comparison/has-changed.ts";
import { orchestratorMetrics } from "./orchestrator/metrics.ts";
import type { Observe } from "./orchestrator/observation.ts";
import { Orchestrator } from "./orchestrator/orchestrator.ts";
import { retain } from "./orchestrator/retention.ts";
import { requestCap, RESERVED_REQUESTS } from "./request-cap.ts";
import { hostCommand } from "./runner/host-command.ts";
import { RunnerPool } from "./runner/pool.ts";
import { Project } from "./runner/project.ts";
import { openStore, type OpenStoreOptions } from "./store/open-store.ts";
import type { RunStore } from "./store/store.ts";

/** What a stop waits for callbacks that are being sent: the others are sent by the next start. */
const CALLBACK_GRACE_MS = 2_000;
/** A long poll may be silent for 60 s. */
const IDLE_TIMEOUT_S = 90;
/** Endpoints asked about themselves at the same time; of the requests kept free for such things. */
const INFO_AT_ONCE = RESERVED_REQUESTS / 2;

export type HandlerOptions = LibraryOptions & {
  /** Path prefix of the API; requests must arrive with it. Default `/api/orchestrator`. */
  readonly basePath?: string;
  /** Where log lines go. Default: nowhere. */
  readonly log?: Log;
  /**
   * Who may come in, with keys of the data folder (`volley key create --data DIR`). Default: whoever
   * reaches the handler; the application around it decides, and nothing is checked here.
   */
  readonly access?: AccessSettings;
  /**
   * Called with a request that will be answered slowly or for ever (a long poll, an event stream),
   * so that its connection is not closed for being silent.
   */
  readonly keepOpen?: (request: Request) => void;
  /**
   * Whether the curl lines of a comparison name the endpoints of the regions: for a server on its
   * operator's machine. Where keys are asked for, to those of scope `admin` only. Default false.
   */
  readonly showEndpoints?: boolean;
};

export interface OrchestratorHandler {
  (request: Request): Promise<Response>;
  readonly fetch: (request: Request) => Promise<Response>;
  /** Resolves once the run store can be used. Rejects with StartError, as every request then. */
  readonly opened: Promise<void>;
  /** Seconds; what `export default` gives Bun's server: longer than the longest silence of ours. */
  readonly idleTimeout: number;
  /**
   * Stops: nothing more is accepted, dispatches in flight may end for `drainMs` milliseconds
   * (default 0), and what is left is resumed by the next handler on the same data folder.
   */
  readonly close: (drainMs?: number) => Promise<void>;
}

/**
 * Opens the run store and resumes unfinished runs. Regions come from `regions`, `regionsFile` or
 * PLAYWRIGHT_RUNNERS. Throws StartError naming every fault: options, environment, data folder.
 */
export function createOrchestratorHandler(options: HandlerOptions = {}): OrchestratorHandler {
  const { basePath = API_PATH, keepOpen = () => {}, log: told, ...rest } = options;
  const { access: settings, showEndpoints = false, ...given } = rest;
  const config = libraryConfig(given, handlerFaults(basePath, settings));
  const redactor = redactorOf(config, settings?.adminKey);
  const log = redactedLog(told ?? silentLog, redactor);
  for (const warning of config.warnings) log.warn(warning);
  const metrics = new Metrics();
  const measure = orchestratorMetrics(metrics, () => orchestrator);
  const { committed } = measure;
  const parts = openParts(config, { log, redactor, committed });
  const { keys, opened, pool, release, secrets, store } = parts;
  const clock = clockBy(store.sharing?.now);
  const access = settings && createAccess(settings, { keys, log, clock: systemClock });
  const changed = (runId: string): Promise<boolean> => hasChanged(store, runId);
  const kept = { store: store.callbacks, runs: store, changed, clock };
  const deliveries = openDeliveries(config.callbacks, { ...kept, basePath, log, metrics });
  const observe: Observe = (observation) => {
    measure.observe(observation);
    if (observation.type === "run.ended") deliveries?.wake();
  };
  const fleet = new Fleet({ ...config, clock: systemClock, atOnce: INFO_AT_ONCE });
  const orchestrator = openOrchestrator(config, { ...parts, clock, fleet, redactor, log, observe });
  const live = new Live({ store, changes: orchestrator.changes, log });
  const app = orchestratorApp({
    basePath,
    callbacks: { store: store.callbacks, now: clock.now, wake: () => deliveries?.wake() },
    fleet,
    keepOpen,
    live,
    log,
    metrics,
    orchestrator,
    secrets,
    store,
    maxBody: config.maxBody,
    maxRunTime: config.maxRunTime,
    endpointOf: (name, request) =>
      endpointCall(config.regions.get(name), showEndpoints && isOperator(access, request)),
    maxStreams: config.maxStreams,
    isDraining: () => orchestrator.draining,
    ...present({ access, settings }),
  });
  const answer = safeFetch(app);
  const stopped = new AbortController();
  const lag = watchLoopLag(measure.late);
  // A server that finds its port in use must dispatch nothing: recovery waits for the caller.
  const ready = opened.then(nextTurn).then(async () => {
    fleet.refresh();
    await orchestrator.recover();
    deliveries?.start();
    const bounds = { keepForMs: config.keepFor, keepRuns: config.keepRuns };
    void retain({ store, clock, log, ...bounds }, stopped.signal);
  });
  let fetchNow: ((request: Request) => Promise<Response>) | undefined;
  ready.then(
    () => (fetchNow = answer),
    () => {},
  );
  const fetch = (request: Request): Promise<Response> =>
    fetchNow?.(request) ?? ready.then(() => answer(request));
  const close = async (drainMs = 0): Promise<void> => {
    await ready.catch(() => {});
    stopped.abort();
    lag[Symbol.dispose]();
    live.close();
    await orchestrator.close(drainMs);
    await deliveries?.close(Math.min(drainMs, CALLBACK_GRACE_MS));
    await pool?.close();
    await access?.close();
    await keys.close();
    await store.close();
    release();
  };
  return Object.assign(fetch, { fetch, close, opened, idleTimeout: IDLE_TIMEOUT_S });
}

/** Whether the sender may see the configuration. */
function isOperator(parts: AccessParts | undefined, request: Request): boolean {
  return parts === undefined || parts.access.identityOf(request).scope === "admin";
}

function endpointCall(region: Region | undefined, shown: boolean): EndpointCall | undefined {
  if (!region) return undefined;
  return { token: region.token !== undefined, ...(shown ? { base: region.url } : {}) };
}

interface OrchestratorParts {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly pool: RunnerPool | undefined;
  readonly fleet: Fleet;
  readonly secrets: RunSecrets;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly observe: Observe;
}

/** Knows every secret of the configuration. */
function redactorOf(config: OrchestratorConfig, adminKey: string | undefined): Redactor {
  const { callbacks, redact, regions } = config;
  const own = adminKey === undefined ? [] : [adminKey];
  const values = [...own, ...secretsOfRegions(regions), ...writtenKeys(callbacks?.keys ?? [])];
  return new Redactor({ keys: redact, values });
}

function openOrchestrator(config: OrchestratorConfig, parts: OrchestratorParts): Orchestrator {
  const { clock, fleet, log, observe, pool, redactor, secrets, store } = parts;
  const { redact: secretKeys, regions } = config;
  const reportedRegion = (name: string) => fleet.reportedRegion(name);
  const open = (sealed: string): string | undefined => secrets.open(sealed);
  const remote = remoteDispatch({ ...config, secretKeys, clock: systemClock });
  const local = pool ? localDispatch(pool) : noLocalRunners;
  return new Orchestrator({
    store,
    fleet,
    log,
    observe,
    dispatch: {
      remote: withSecrets(truthful(remote, { regions, reportedRegion }), { open, redactor }),
      local: withSecrets(local, { open, redactor }),
    },
    clock,
    random: Math.random,
    limits: {
      regions: new Set(config.regions.keys()),
      maxRunners: config.maxRunners,
      maxRunTimeMs: config.maxRunTime,
      ...present({ callbackRefusal: config.callbacks?.receivers.refusal }),
    },
    callbackConfigured: config.callbacks?.configured !== undefined,
    maxInFlight: config.maxInFlight,
    maxInFlightHere: mostInFlight(config.maxInFlight, log),
    maxBacklog: config.maxBacklog,
    onInterrupted: config.onInterrupted,
    ...present({
      localHosts: pool && config.hosts,
      localRunners: pool && (async () => new Set((await pool.catalog()).runners.keys())),
      maxInFlightPerRegion: config.maxInFlightPerRegion,
      jobTimeoutMs: config.jobTimeout,
    }),
  });
}

interface PoolParts {
  readonly log: Log;
  readonly redactor: Redactor;
}

/** What can fail at a start, all of it tried, so that one message names every fault. */
function openParts(
  config: OrchestratorConfig,
  { committed, log, redactor }: Pick<OpenStoreOptions, "committed"> & PoolParts,
) {
  const faults: string[] = [];
  const attempt = <Part>(open: () => Part): Part | undefined => {
    try {
      return open();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const { database, data, runners: dir } = config;
  const ownKey = database === undefined ? join(data, SEAL_KEY_FILE) : undefined;
  const { sealKeyFile = ownKey } = config;
  const hosts = attempt(() => hostOptions(config));
  const project = dir === undefined ? undefined : attempt(() => Project.open(dir, log));
  const secrets = attempt(() => openRunSecrets(sealKeyFile, redactor));
  const opened = attempt(() => openStore(config, { log, committed }));
  if (!opened || !secrets || faults.length > 0) {
    void opened?.keys.close();
    void opened?.store.close();
    opened?.release();
    throw new StartError(faults);
  }
  const command = hostCommand();
  const pool = project && hosts && new RunnerPool({ project, command, log, redactor, ...hosts });
  return { ...opened, pool, secrets };
}

/** Past its cap Bun's fetch queues silently while limits run, so ours must stay below it. */
function mostInFlight(wanted: number, log: Log): number {
  const most = Math.max(1, requestCap() - RESERVED_REQUESTS);
  if (wanted > most) log.warn("in-flight limit lowered to the process's request cap", { most });
  return most;
}

/** For runs that a process with runners of its own left unfinished. */
const noLocalRunners: Dispatch = async () =>
  failure("local_mode_unavailable", "orchestrator", "This server has no runners of its own.");
