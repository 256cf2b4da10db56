/**
 * Settings: every flag of the commands that serve or look after a server, with its default and
 * what it accepts (those of its clients: `cli/client-settings.ts`). Tables only; they are read in
 * `config.ts`.
 */
import { callbackFlags } from "./callbacks/flags.ts";
import { KEY_NAME, NOT_A_KEY_NAME, SCOPES } from "./domain/key.ts";
import { regionFlag } from "./domain/region-flag.ts";
import { secretFlags } from "./domain/secret-flags.ts";
import { accessFlags, allowedHostsFlag } from "./http/access/flags.ts";
import {
  bytes,
  choice,
  duration,
  type FlagTable,
  integer,
  list,
  offByDefault,
  secretUrl,
  shaped,
  text,
  toggle,
} from "./lib/flags.ts";
import { hostFlags } from "./runner/host-flags.ts";

export const MAX_TIMER = "24d";

const hostFlag = text({
  placeholder: "ADDRESS",
  about: "address to listen on",
  fallback: "127.0.0.1",
});
const portFlag = (fallback: number) =>
  integer({ about: "port to listen on; 0 lets the system choose", fallback, min: 0, max: 65_535 });
const drainFlag = duration({
  about: "how long a stop waits for jobs in flight",
  fallback: 25_000,
  shown: "25s",
  min: "0ms",
  max: "1h",
});

/** For a server that speaks TLS itself; `serverTls` of config.ts reads and checks the files. */
export const tlsFlags = {
  tlsCert: text({
    placeholder: "FILE",
    about: "PEM certificate, with its chain, to serve HTTPS (HTTP/2 and HTTP/1.1) with",
    fallback: undefined,
  }),
  tlsKey: text({
    placeholder: "FILE",
    about: "PEM private key of that certificate",
    fallback: undefined,
  }),
} satisfies FlagTable;

/** Where runs are kept. */
const storeFlags = {
  data: text({ placeholder: "DIR", about: "folder of the run store", fallback: "./volley-data" }),
  database: secretUrl({
    about: "postgres:// URL of a run store that replicas share; the data folder is not used then",
    schemes: ["postgres:", "postgresql:"],
    example: "postgres://user:password@host:5432/volley",
  }),
  databasePrepare: choice(
    ["on", "off"],
    "off: for a pooler that hands out connections per transaction",
  ),
} satisfies FlagTable;

/** Beside the variable PLAYWRIGHT_RUNNERS; `cli/region-source.ts` reads and checks the file. */
export const regionFlags = {
  regionsFile: text({
    placeholder: "FILE",
    names: "file",
    about: "file with the regions, as JSON like PLAYWRIGHT_RUNNERS and in its place",
    fallback: undefined,
  }),
} satisfies FlagTable;

/** What the orchestrator itself needs; the same names are options of createOrchestratorHandler. */
export const orchestratorFlags = {
  ...storeFlags,
  lease: duration({
    about: "with --database: silence after which a replica's runs are taken over",
    fallback: 15_000,
    shown: "15s",
    min: "1s",
    max: "10m",
  }),
  poll: duration({
    about: "with --database: how often a replica looks for runs that nobody owns",
    fallback: 2_000,
    shown: "2s",
    min: "100ms",
    max: "1m",
  }),
  maxInFlight: integer({
    about: "most jobs in flight over all runs",
    fallback: 1_000,
    min: 1,
    max: 60_000,
  }),
  maxInFlightPerRegion: offByDefault(
    integer({ about: "most jobs in flight in one region", fallback: 1, min: 1, max: 60_000 }),
  ),
  maxBacklog: integer({
    about: "most jobs waiting to be dispatched, over all runs",
    fallback: 200_000,
    min: 1,
    max: 10_000_000,
  }),
  maxBody: bytes({
    about: "largest request body",
    fallback: 4 * 1024 ** 2,
    shown: "4MiB",
    max: 1024 ** 3,
  }),
  maxRunners: integer({
    about: "most runners in one request",
    fallback: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  maxResponse: bytes({
    about: "largest answer of an endpoint to one job",
    fallback: 1024 ** 2,
    shown: "1MiB",
    max: 1024 ** 3,
  }),
  maxRunTime: duration({
    about: "longest timeout of a run, and the limit of a run that names none",
    fallback: 3_600_000,
    shown: "1h",
    min: "1ms",
    max: MAX_TIMER,
  }),
  jobTimeout: offByDefault(
    duration({
      about: "limit of one attempt of a job, for runs that name none",
      fallback: 0,
      shown: "off",
      min: "1ms",
      max: MAX_TIMER,
    }),
  ),
  onInterrupted: choice(
    ["dispatch", "fail"],
    "what becomes of jobs in flight when a server is killed",
  ),
  synchronous: choice(["normal", "full"], "full: progress of jobs waits for the disk, too"),
  keepFor: duration({
    about: "how long ended runs are kept",
    fallback: 30 * 86_400_000,
    shown: "30d",
    min: "1s",
    max: "36500d",
  }),
  keepRuns: integer({
    about: "most runs kept; the oldest ended ones go first",
    fallback: 1_000_000,
    min: 1,
    max: 1_000_000_000,
  }),
  http1: toggle("dispatch over HTTP/1.1 also where a TLS endpoint offers HTTP/2"),
  maxStreams: integer({
    about: "most event streams open at once",
    fallback: 1_000,
    min: 1,
    max: 100_000,
  }),
  runners: text({
    placeholder: "DIR",
    about: "folder of runner files for runs in local mode",
    fallback: undefined,
  }),
  ...hostFlags,
  ...callbackFlags,
  ...secretFlags,
} satisfies FlagTable;

export const serveFlags = {
  host: hostFlag,
  port: portFlag(3_000),
  ...tlsFlags,
  ...accessFlags,
  ...regionFlags,
  ...orchestratorFlags,
  allowLocalMode: toggle(
    "with --runners beyond loopback: let whoever has a key execute runner files here",
  ),
  drain: drainFlag,
} satisfies FlagTable;

export const runnerFlags = {
  region: regionFlag("region this server answers for; runners see it as ctx.region"),
  host: hostFlag,
  port: portFlag(4_000),
  ...tlsFlags,
  ...hostFlags,
  maxQueued: integer({
    about: "most jobs that wait for a host; further ones are answered 429",
    fallback: 1_000,
    min: 0,
    max: 100_000,
  }),
  tokenEnv: text({
    placeholder: "NAME",
    about: "environment variable with the bearer token that requests must carry",
    fallback: undefined,
  }),
  tokenFile: text({
    placeholder: "FILE",
    about: "file with that token",
    fallback: undefined,
  }),
  signingSecretEnv: text({
    placeholder: "NAME",
    about: "environment variable with the secret that executions must be signed with",
    fallback: undefined,
  }),
  signingSecretFile: text({
    placeholder: "FILE",
    about: "file with that secret",
    fallback: undefined,
  }),
  allowAnonymous: toggle("beyond loopback without a token: let anybody execute runner files"),
  allowedHosts: allowedHostsFlag,
  redact: secretFlags.redact,
  maxBody: orchestratorFlags.maxBody,
  drain: drainFlag,
} satisfies FlagTable;

export const mockRunnerFlags = {
  region: regionFlag("region this server says it is in; without it, that of each request"),
  script: list({
    about: "what becomes of one job after the other, separated by commas; else all pass",
    separator: /,/,
    word: /./,
  }),
  runners: list({
    about: "names of the runners offered, separated by commas; else every name",
    separator: /,/,
    word: /./,
  }),
  seed: integer({
    about: "decides which runners of a flaky entry fail",
    fallback: 1,
    min: 0,
    max: 2 ** 32,
  }),
  host: hostFlag,
  port: portFlag(4_000),
} satisfies FlagTable;

export const dataFlags = { data: orchestratorFlags.data } satisfies FlagTable;

export const keyFlags = {
  list: { ...storeFlags, json: toggle("print JSON instead of a table") },
  revoke: storeFlags,
  create: {
    ...storeFlags,
    name: shaped({
      placeholder: "NAME",
      about: "who or what the key is for",
      shape: new RegExp(KEY_NAME),
      expected: NOT_A_KEY_NAME,
    }),
    scope: choice(SCOPES, "what the key allows; each scope includes those before it"),
    expires: offByDefault(
      duration({
        about: "how long the key counts",
        fallback: 0,
        shown: "off",
        min: "1s",
        max: "36500d",
      }),
    ),
  },
} satisfies Readonly<Record<string, FlagTable>>;

export const doctorFlags = {
  ...storeFlags,
  ...regionFlags,
  runners: orchestratorFlags.runners,
  http1: orchestratorFlags.http1,
} satisfies FlagTable;

export const typesFlags = {
  print: toggle("print the declarations instead of writing them"),
} satisfies FlagTable;
