/** volley regions: how the endpoints of a server's regions are, as the server sees them. */
import { regionsText } from "../report/regions.ts";
import { answered, asked } from "./asking.ts";
import { regionsFlags } from "./client-settings.ts";
import type { Command } from "./command.ts";
import { INFRASTRUCTURE } from "./connection.ts";
import { Output } from "./terminal/output.ts";

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

async function run(argv: readonly string[]): Promise<number> {
  const { connection, values } = asked(regionsFlags, argv, ({ positionals }) =>
    positionals.map((word) => `unexpected argument "${word}"`),
  );
  const { client, patience } = connection;
  return answered(connection, async () => {
    const list = await patience.until(() => client.regions());
    const text = values.json ? JSON.stringify(list, null, 2) : regionsText(list);
    await new Output(process.stdout).finish(`${text}\n`);
    return list.regions.every(({ health }) => health === "healthy") ? 0 : INFRASTRUCTURE;
  });
}
