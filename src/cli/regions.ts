/** volley regions: how the endpoints of a server's regions are, as the server sees them. */
import { regionsConfig } from "../config.ts";
import type { RegionList } from "../domain/fleet.ts";
import { regionsText } from "../report/regions.ts";
import { regionsFlags } from "../settings.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  name: "regions",
  summary: "show the regions of a server: health, latency, runners offered, drift",
  usage: "regions [flags]",
  about: [
    "Asks a running server how its regions are. The server asks each region's endpoint what it",
    "offers, at most every 30 s, and compares the regions: runners that one lacks, other inputs or",
    "versions, an endpoint that says it is elsewhere or that two regions share.",
    "Exit code 0: all regions are healthy; 3: a region, or the server, cannot be reached; 2: usage.",
  ].join("\n"),
  flags: regionsFlags,
  examples: ["volley regions", "volley regions --server https://volley.example.com --json"],
  run,
};

/** The exit code when a part of the installation cannot be reached. */
const UNREACHABLE = 3;

async function run(argv: readonly string[]): Promise<number> {
  const { json, server } = regionsConfig(argv);
  const list = await askServer(server);
  if (typeof list === "string") {
    process.stderr.write(`volley: ${list}\n`);
    return UNREACHABLE;
  }
  process.stdout.write(`${json ? JSON.stringify(list, null, 2) : regionsText(list)}\n`);
  return list.regions.every(({ health }) => health === "healthy") ? 0 : UNREACHABLE;
}

/** The first answer of a server waits for its endpoints; this is well above that. */
const LIMIT_MS = 10_000;

/** What the server answered, or in one sentence why there is nothing. */
async function askServer(server: string): Promise<RegionList | string> {
  const hint = "see --server";
  try {
    const response = await fetch(`${server}/api/orchestrator/regions`, {
      signal: AbortSignal.timeout(LIMIT_MS),
      redirect: "manual",
    });
    const list = (await response.json()) as Partial<RegionList> | null;
    if (response.ok && Array.isArray(list?.regions)) return list as RegionList;
    return `${server} answers HTTP status ${response.status}, not as a volley server does; ${hint}.`;
  } catch (error) {
    return error instanceof SyntaxError
      ? `${server} does not answer as a volley server does; ${hint}.`
      : `${server} cannot be reached; start it with volley serve, or ${hint}.`;
  }
}
