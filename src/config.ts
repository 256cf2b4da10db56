/**
 * Configuration: the only reader of the process environment but for request-cap.ts, which runs
 * before it. Everything is validated at once, and a fault never shows a token.
 */
import { type CallbackConfig, callbackConfig } from "./callbacks/flags.ts";
import { anonymityFaults, exposedBy, localModeFaults, readAdminKey } from "./cli/exposure.ts";
import {
  type ConfiguredRegions,
  configuredRegions,
  type GivenRegions,
} from "./cli/region-source.ts";
import { serverTls } from "./cli/server-tls.ts";
import { StartError } from "./domain/errors.ts";
import type { AccessSettings } from "./http/access/create-access.ts";
import { describeFlags, type FlagTable, type FlagValues } from "./lib/flags.ts";
import { namedKeys, namedSecret } from "./lib/named-secret.ts";
import { checkValues, parseFlags } from "./lib/parse-flags.ts";
import type { TlsPair } from "./lib/pem.ts";
import { present } from "./lib/present.ts";
import { type ReadSecret, readSecretFile } from "./lib/secret-source.ts";
import type { SigningKeys } from "./lib/signature.ts";
import { parseScript } from "./mock/script.ts";
import { checkedBrowser } from "./runner/browser/settings.ts";
import type { HostConfig } from "./runner/host-flags.ts";
import {
  dataFlags,
  doctorFlags,
  mockRunnerFlags,
  orchestratorFlags,
  regionFlags,
  runnerFlags,
  serveFlags,
  typesFlags,
} from "./settings.ts";

const ENV_PREFIX = "VOLLEY_";
export type OrchestratorConfig = FlagValues<typeof orchestratorFlags> &
  Pick<ConfiguredRegions, "regions" | "warnings"> & {
    /** Absent without a secret: an unsigned callback proves nothing. */
    readonly callbacks: CallbackConfig | undefined;
  };
/** What `volley serve` was asked for, by whom it concerns. */
export interface ServeConfig
  extends
    Pick<FlagValues<typeof serveFlags>, "host" | "port" | "drain">,
    Pick<ConfiguredRegions, "warnings"> {
  /** What `tlsCert` and `tlsKey` hold. */
  readonly tls?: TlsPair;
  readonly access: AccessSettings;
  readonly orchestrator: FlagValues<typeof orchestratorFlags> & Pick<OrchestratorConfig, "regions">;
}
export type RunnerConfig = FlagValues<typeof runnerFlags> & {
  readonly dir: string;
  /** The token that `tokenEnv` or `tokenFile` names. */
  readonly token: string | undefined;
  /** What `tlsCert` and `tlsKey` hold. */
  readonly tls?: TlsPair;
  /** The keys that `signingSecretEnv` or `signingSecretFile` names. */
  readonly signingKeys: SigningKeys | undefined;
};

/** Configuration of `volley serve`. Throws StartError naming every fault. */
export function serveConfig(argv: readonly string[]): ServeConfig {
  const { values, positionals, faults } = parse(serveFlags, argv);
  const { regions, faults: regionFaults, warnings } = regionsFrom("--regions-file", values);
  const { tls, faults: tlsFaults } = serverTls(values);
  const { adminKey, faults: keyFaults } = readAdminKey(values.adminKeyFile);
  // Looked at now, so that one message names every fault; made where it is used.
  const { faults: callbackFaults } = callbackConfig(values, readSecret);
  fail([
    ...faults,
    ...positionals.map(unexpected),
    ...regionFaults,
    ...callbackFaults,
    ...unsetVariables("--pass-env", values.passEnv),
    ...tlsFaults,
    ...keyFaults,
    ...localModeFaults(values),
  ]);
  const { allowedHosts, drain, host, maxSignInFailures, port, publicUrl, submitsPerMinute } =
    values;
  const limits = { maxSignInFailures, ...present({ submitsPerMinute }) };
  return {
    drain,
    host,
    port,
    ...present({ tls }),
    access: {
      allowedHosts,
      corsOrigins: values.corsOrigin,
      requireKey: exposedBy(host, publicUrl) !== undefined,
      tls: tls !== undefined,
      ...limits,
      ...present({ adminKey, publicUrl }),
    },
    orchestrator: { ...picked(values, orchestratorFlags), regions },
    warnings,
  };
}

/** The values of one table among those of several. */
function picked<Table extends FlagTable>(
  values: FlagValues<Table>,
  table: Table,
): FlagValues<Table> {
  const entries = Object.entries(values).filter(([name]) => Object.hasOwn(table, name));
  return Object.fromEntries(entries) as FlagValues<Table>;
}

/** Configuration of `volley runner [DIR]`. Throws StartError naming every fault. */
export function runnerConfig(argv: readonly string[]): RunnerConfig {
  const { values, positionals, faults } = parse(runnerFlags, argv);
  const [dir = ".", ...rest] = positionals;
  const { tls, faults: tlsFaults } = serverTls(values);
  const token = namedSecret(values, "token", readSecret);
  const signing = namedKeys(values, "signingSecret", readSecret);
  fail([
    ...faults,
    ...rest.map(unexpected),
    ...tlsFaults,
    ...token.faults,
    ...signing.faults,
    ...unsetVariables("--pass-env", values.passEnv),
    ...anonymityFaults(values),
  ]);
  return { ...values, dir, token: token.value, signingKeys: signing.value, ...present({ tls }) };
}

/** Configuration of `volley mock-runner`. Throws StartError naming every fault. */
export function mockRunnerConfig(argv: readonly string[]) {
  const { values, positionals, faults } = parse(mockRunnerFlags, argv);
  const { script: words } = values;
  const script = parseScript(words.length === 0 ? ["pass"] : words);
  const scriptFaults = script.faults.map((fault) => `--script: ${fault}`);
  fail([...faults, ...positionals.map(unexpected), ...scriptFaults]);
  return { ...values, script: script.entries };
}

const readSecret: ReadSecret = (source) => {
  if ("file" in source) return readSecretFile(source.file);
  const value = process.env[source.env];
  return value ? { value } : { fault: `${source.env} is not set` };
};

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
  const { faults: regionFaults, ...found } = regionsFrom("--regions-file", values);
  fail([...faults, ...positionals.map(unexpected), ...regionFaults]);
  return { ...values, ...found };
}

/** Configuration of `volley types [DIR]`. Throws StartError naming every fault. */
export function typesConfig(argv: readonly string[]): { dir: string; print: boolean } {
  const { values, positionals, faults } = parse(typesFlags, argv);
  const [dir = ".", ...rest] = positionals;
  fail([...faults, ...rest.map(unexpected)]);
  return { dir, print: values.print };
}

const libraryFlags = { ...regionFlags, ...orchestratorFlags };

/** Options of createOrchestratorHandler: those of `volley serve` that are not the server's own. */
export type LibraryOptions = Partial<FlagValues<typeof libraryFlags>> & {
  /** As in PLAYWRIGHT_RUNNERS, parsed or not yet checked. Default: `regionsFile`, or that variable. */
  readonly regions?: GivenRegions;
};

/** Checks options and fills in defaults. Throws StartError naming every fault, `before` first. */
export function libraryConfig(given: LibraryOptions, before: string[] = []): OrchestratorConfig {
  const { regions, ...options } = given;
  const { faults, values } = checkValues(libraryFlags, options);
  const { faults: regionFaults, ...found } = regionsFrom("regionsFile", values, regions);
  const { callbacks, faults: callbackFaults } = callbackConfig(values, readSecret);
  fail([...before, ...faults, ...regionFaults, ...callbackFaults]);
  return { ...values, ...found, callbacks };
}

/** What a command line says by a table; its faults are the caller's to report, with its own. */
export function commandLine<Table extends FlagTable>(table: Table, argv: readonly string[]) {
  return parse(table, argv);
}

/** Where a client command runs, by the conventions of terminals and CI systems. */
export interface Surroundings {
  readonly ci: boolean;
  readonly githubActions: boolean;
  /** File that GitHub Actions shows on the page of the job. */
  readonly stepSummary: string | undefined;
  /** Whether colour is wanted (FORCE_COLOR) or not (NO_COLOR); undefined leaves it to the stream. */
  readonly color: boolean | undefined;
  /** A terminal that cannot move its cursor. */
  readonly dumbTerminal: boolean;
  readonly apiKey: string | undefined;
}

export function surroundings(): Surroundings {
  const { env } = process;
  const isSet = (name: string): boolean => !["", "0", "false"].includes(env[name] ?? "");
  const forced = env["FORCE_COLOR"] === undefined ? undefined : isSet("FORCE_COLOR");
  return {
    ci: isSet("CI"),
    githubActions: env["GITHUB_ACTIONS"] === "true",
    stepSummary: env["GITHUB_STEP_SUMMARY"] || undefined,
    color: env["NO_COLOR"] ? false : forced,
    dumbTerminal: env["TERM"] === "dumb",
    apiKey: env["VOLLEY_API_KEY"] || undefined,
  };
}

/** Help text for the flags of a command, with how the environment stands in for them. */
export function flagHelp(table: FlagTable): string {
  return `Flags (each also as an environment variable, --port as ${ENV_PREFIX}PORT):\n${describeFlags(table)}`;
}

/** Flags of a command, with the environment in the place of those that are not given. */
export function parse<Table extends FlagTable>(table: Table, argv: readonly string[]) {
  return parseFlags(table, argv, process.env, ENV_PREFIX);
}

/** `flag`: what the file is called by in faults. `given`: regions that a program names itself. */
function regionsFrom(
  flag: string,
  { regionsFile: file }: FlagValues<typeof regionFlags>,
  given?: GivenRegions,
): ConfiguredRegions {
  const variable = process.env["PLAYWRIGHT_RUNNERS"];
  return configuredRegions({ flag, file, given, variable, readSecret });
}

/** The fault of an argument that nobody asked for. */
export function unexpected(positional: string): string {
  return `unexpected argument "${positional}"`;
}

/** Throws StartError if there are any. */
export function fail(faults: readonly string[]): void {
  if (faults.length > 0) throw new StartError(faults);
}

/** What a runner host may see of this environment: never a credential by accident. */
const HOST_VARIABLES = ["PATH", "HOME", "TZ", "LANG", "LC_ALL", "TMPDIR"] as const;

/**
 * The environment of a runner host, which dies with this process (platform rule 14). `passed`:
 * further variables, named by the operator.
 */
function hostEnvironment(passed: readonly string[] = []): Record<string, string> {
  const kept = [...HOST_VARIABLES, ...passed].flatMap((name): [string, string][] => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
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
