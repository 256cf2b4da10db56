/**
 * Configuration: the only reader of the process environment. Everything is validated at once, and
 * a fault never shows a token.
 */
import { StartError } from "./domain/errors.ts";
import { parseRegions, type Regions } from "./domain/region.ts";
import {
  bytes,
  describeFlags,
  duration,
  type FlagTable,
  type FlagValues,
  integer,
  parseFlags,
  text,
} from "./lib/flags.ts";

const ENV_PREFIX = "VOLLEY_";
const MAX_TIMER = "24d";

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

const hostFlags = {
  hosts: integer({
    about: "runner hosts, each executing one job at a time",
    fallback: 2,
    min: 1,
    max: 256,
  }),
  runnerTimeout: duration({
    about: "limit of one runner",
    fallback: 30_000,
    shown: "30s",
    min: "1ms",
    max: MAX_TIMER,
  }),
} satisfies FlagTable;

/** What the orchestrator itself needs; the same names are options of createOrchestratorHandler. */
export const orchestratorFlags = {
  data: text({ placeholder: "DIR", about: "folder of the run store", fallback: "./volley-data" }),
  maxInFlight: integer({
    about: "most jobs in flight over all runs",
    fallback: 1_000,
    min: 1,
    max: 60_000,
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
  runners: text({
    placeholder: "DIR",
    about: "folder of runner files for runs in local mode",
    fallback: undefined,
  }),
  ...hostFlags,
} satisfies FlagTable;

export const serveFlags = {
  host: hostFlag,
  port: portFlag(3_000),
  ...orchestratorFlags,
  drain: drainFlag,
} satisfies FlagTable;

export const runnerFlags = {
  region: text({
    placeholder: "NAME",
    about: "region this server answers for; runners see it as ctx.region",
    fallback: undefined,
  }),
  host: hostFlag,
  port: portFlag(4_000),
  ...hostFlags,
  maxBody: orchestratorFlags.maxBody,
  drain: drainFlag,
} satisfies FlagTable;

export type OrchestratorConfig = FlagValues<typeof orchestratorFlags> & {
  readonly regions: Regions;
};
export type ServeConfig = FlagValues<typeof serveFlags> & OrchestratorConfig;
export type RunnerConfig = FlagValues<typeof runnerFlags> & { readonly dir: string };

/** Configuration of `volley serve`. Throws StartError naming every fault. */
export function serveConfig(argv: readonly string[]): ServeConfig {
  const { values, positionals, faults } = parse(serveFlags, argv);
  const { regions, faults: regionFaults } = environmentRegions();
  fail([...faults, ...positionals.map(unexpected), ...regionFaults]);
  return { ...values, regions };
}

/** Configuration of `volley runner [DIR]`. Throws StartError naming every fault. */
export function runnerConfig(argv: readonly string[]): RunnerConfig {
  const { values, positionals, faults } = parse(runnerFlags, argv);
  const [dir = ".", ...rest] = positionals;
  fail([...faults, ...rest.map(unexpected)]);
  return { ...values, dir };
}

/** Options of createOrchestratorHandler over defaults; regions from the environment if not given. */
export function libraryConfig(options: Partial<OrchestratorConfig>): OrchestratorConfig {
  const { values } = parseFlags(orchestratorFlags, [], {}, ENV_PREFIX);
  if (options.regions) return { ...values, ...options, regions: options.regions };
  const { regions, faults } = environmentRegions();
  fail(faults);
  return { ...values, ...options, regions };
}

/** Help text for the flags of a command, with how the environment stands in for them. */
export function flagHelp(table: FlagTable): string {
  return `Flags (each also as an environment variable, --port as ${ENV_PREFIX}PORT):\n${describeFlags(table)}`;
}

function parse<Table extends FlagTable>(table: Table, argv: readonly string[]) {
  return parseFlags(table, argv, process.env, ENV_PREFIX);
}

function environmentRegions(): { regions: Regions; faults: string[] } {
  const { regions, faults } = parseRegions(process.env["PLAYWRIGHT_RUNNERS"] || "{}");
  return { regions, faults: faults.map((fault) => `PLAYWRIGHT_RUNNERS ${fault}`) };
}

function unexpected(positional: string): string {
  return `unexpected argument "${positional}"`;
}

function fail(faults: readonly string[]): void {
  if (faults.length > 0) throw new StartError(faults);
}

/** Most requests Bun's fetch has in flight at once; further ones wait inside it unseen. */
const DEFAULT_REQUEST_CAP = 256;
const REQUEST_CAP_VARIABLE = "BUN_CONFIG_MAX_HTTP_REQUESTS";

/** Requests kept free beside dispatches: health of endpoints, webhooks. */
export const RESERVED_REQUESTS = 16;

export function requestCap(): number {
  const value = Number(process.env[REQUEST_CAP_VARIABLE]);
  return Number.isInteger(value) && value >= 1 && value <= 65_535 ? value : DEFAULT_REQUEST_CAP;
}

/** This environment with the request cap raised, for a process that replaces this one. */
export function environmentWithRequestCap(cap: number): Record<string, string> {
  return { ...ownEnvironment(), [REQUEST_CAP_VARIABLE]: String(cap) };
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

/** What a runner host may see of this environment: never a credential by accident. */
const HOST_VARIABLES = ["PATH", "HOME", "TZ", "LANG", "LC_ALL", "TMPDIR"] as const;

/** The environment of a runner host, which dies with this process (platform rule 14). */
export function hostEnvironment(): Record<string, string> {
  const own = ownEnvironment();
  const kept = HOST_VARIABLES.flatMap((name) =>
    own[name] === undefined ? [] : [[name, own[name]]],
  );
  return { ...Object.fromEntries(kept), BUN_FEATURE_FLAG_NO_ORPHANS: "1" };
}
