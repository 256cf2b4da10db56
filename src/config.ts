/**
 * Configuration: the only reader of the process environment. Everything is validated at once, and
 * a fault never shows a token.
 */
import { StartError } from "./domain/errors.ts";
import { checkRegions, parseRegions, type Regions } from "./domain/region.ts";
import {
  bytes,
  checkValues,
  choice,
  describeFlags,
  duration,
  type FlagTable,
  type FlagValues,
  integer,
  offByDefault,
  parseFlags,
  text,
} from "./lib/flags.ts";
import { checkedBrowser } from "./runner/browser/settings.ts";
import { type HostConfig, hostFlags } from "./runner/host-flags.ts";

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

/** What the orchestrator itself needs; the same names are options of createOrchestratorHandler. */
export const orchestratorFlags = {
  data: text({ placeholder: "DIR", about: "folder of the run store", fallback: "./volley-data" }),
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
  maxQueued: integer({
    about: "most jobs that wait for a host; further ones are answered 429",
    fallback: 100,
    min: 0,
    max: 100_000,
  }),
  tokenEnv: text({
    placeholder: "NAME",
    about: "environment variable with the bearer token that requests must carry",
    fallback: undefined,
  }),
  maxBody: orchestratorFlags.maxBody,
  drain: drainFlag,
} satisfies FlagTable;

export const dataFlags = { data: orchestratorFlags.data } satisfies FlagTable;

export const doctorFlags = {
  data: orchestratorFlags.data,
  runners: orchestratorFlags.runners,
} satisfies FlagTable;

export const typesFlags = {
  print: { about: "print the declarations instead of writing them", fallback: false, parse: isOn },
} satisfies FlagTable;

export type OrchestratorConfig = FlagValues<typeof orchestratorFlags> & {
  readonly regions: Regions;
};
export type ServeConfig = FlagValues<typeof serveFlags> & OrchestratorConfig;
export type RunnerConfig = FlagValues<typeof runnerFlags> & {
  readonly dir: string;
  /** The token that `tokenEnv` names. */
  readonly token: string | undefined;
};

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
  const { passEnv, tokenEnv } = values;
  const unset = [
    ...(tokenEnv === undefined ? [] : unsetVariables("--token-env", [tokenEnv])),
    ...unsetVariables("--pass-env", passEnv),
  ];
  fail([...faults, ...rest.map(unexpected), ...unset]);
  return { ...values, dir, token: tokenEnv === undefined ? undefined : process.env[tokenEnv] };
}

/** A misspelt name must not show only when something misses its variable. */
function unsetVariables(flag: string, names: readonly string[]): string[] {
  return names.filter((name) => !process.env[name]).map((name) => `${flag}: ${name} is not set`);
}

/** Configuration of `volley backup FILE`. Throws StartError naming every fault. */
export function backupConfig(argv: readonly string[]): { data: string; file: string } {
  const { values, positionals, faults } = parse(dataFlags, argv);
  const [file = "", ...rest] = positionals;
  fail([...faults, ...(file === "" ? ["FILE is missing"] : []), ...rest.map(unexpected)]);
  return { ...values, file };
}

/** Configuration of `volley doctor`. Throws StartError naming every fault. */
export function doctorConfig(argv: readonly string[]) {
  const { values, positionals, faults } = parse(doctorFlags, argv);
  const { regions, faults: regionFaults } = environmentRegions();
  fail([...faults, ...positionals.map(unexpected), ...regionFaults]);
  return { ...values, regions };
}

/** Configuration of `volley types [DIR]`. Throws StartError naming every fault. */
export function typesConfig(argv: readonly string[]): { dir: string; print: boolean } {
  const { values, positionals, faults } = parse(typesFlags, argv);
  const [dir = ".", ...rest] = positionals;
  fail([...faults, ...rest.map(unexpected)]);
  return { dir, print: values.print };
}

function isOn(value: string): boolean {
  return value === "true";
}

/** Options of createOrchestratorHandler: those of `volley serve` that are not the server's own. */
export type LibraryOptions = Partial<FlagValues<typeof orchestratorFlags>> & {
  /** As in PLAYWRIGHT_RUNNERS, parsed or not yet checked. Default: that variable. */
  readonly regions?: Regions | Readonly<Record<string, string | { url: string; token?: string }>>;
};

/** Checks options and fills in defaults. Throws StartError naming every fault. */
export function libraryConfig({ regions: given, ...options }: LibraryOptions): OrchestratorConfig {
  const { faults, values } = checkValues(orchestratorFlags, options);
  const { faults: regionFaults, regions } = givenRegions(given);
  fail([...faults, ...regionFaults]);
  return { ...values, regions };
}

function givenRegions(given: LibraryOptions["regions"]): { regions: Regions; faults: string[] } {
  if (given === undefined) return environmentRegions();
  if (given instanceof Map) return { regions: given, faults: [] };
  const { faults, regions } = checkRegions(given);
  return { regions, faults: faults.map((fault) => `regions: ${fault}`) };
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

/**
 * The environment of a runner host, which dies with this process (platform rule 14). `passed`:
 * further variables, named by the operator.
 */
export function hostEnvironment(passed: readonly string[] = []): Record<string, string> {
  const own = ownEnvironment();
  const kept = [...HOST_VARIABLES, ...passed].flatMap((name) =>
    own[name] === undefined ? [] : [[name, own[name]]],
  );
  return { ...Object.fromEntries(kept), BUN_FEATURE_FLAG_NO_ORPHANS: "1" };
}

/** What a pool of hosts takes from the configuration. Throws StartError for a missing browser. */
export function hostOptions(config: HostConfig) {
  const { chrome, chromeArgs, hosts, passEnv, runnerTimeout, screenshots } = config;
  const browser = checkedBrowser({
    args: chromeArgs,
    screenshots: screenshots === "on",
    ...(chrome === undefined ? {} : { chrome }),
  });
  return { hosts, runnerTimeout, env: hostEnvironment(passEnv), browser };
}
