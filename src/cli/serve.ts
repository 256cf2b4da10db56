/**
 * volley serve: the orchestrator as a server, from flags to a listening socket and back.
 */
import { join } from "node:path";

import { type OrchestratorConfig, serveConfig } from "../config.ts";
import { StartError } from "../domain/errors.ts";
import { createOrchestratorHandler } from "../handler.ts";
import type { AccessSettings } from "../http/access/create-access.ts";
import { withDashboard } from "../http/web/dashboard.ts";
import { isLoopback } from "../lib/loopback.ts";
import { present } from "../lib/present.ts";
import { serveFlags } from "../settings.ts";
import { databaseHasKeys as sharedDatabaseHasKeys } from "../store/postgres/keys.ts";
import { databaseHasKeys } from "../store/sqlite/keys.ts";
import { DATABASE_FILE } from "../store/sqlite/open.ts";
import type { Command } from "./command.ts";
import { exposedBy } from "./exposure.ts";
import { announce, finishAnswers, listen, stderrLog, stopRequested } from "./listen.ts";

export const command: Command = {
  name: "serve",
  summary: "accept runs over HTTP and dispatch them to regional runner servers",
  usage: "serve [flags]",
  about: [
    "Serves a dashboard at /, the API at /api/orchestrator (docs below it at /docs). Regions come from",
    "PLAYWRIGHT_RUNNERS or the file of --regions-file: a JSON object from region name to runner",
    'endpoint; a value may also be {"url", "token", "ca"}, with tokenEnv or tokenFile in the place of',
    "token, and signingSecretEnv or signingSecretFile for signed dispatches. They are read at the start.",
    "Prints one line on stdout when ready; logs go to stderr.",
    "Until there is a key (volley key create) it listens on loopback only, and lets everybody in who",
    "reaches it.",
  ].join("\n"),
  flags: serveFlags,
  examples: [
    "volley serve",
    `PLAYWRIGHT_RUNNERS='{"eu-west-1":"http://127.0.0.1:4000/api/runner"}' volley serve --port 3000`,
    "volley serve --regions-file /etc/volley/regions.json",
    "volley serve --data /var/lib/volley --max-in-flight 200",
    "volley serve --host 0.0.0.0 --tls-cert server.pem --tls-key server.key",
    "volley serve --host 10.0.0.5 --public-url https://volley.example.com",
    "VOLLEY_DATABASE=postgres://volley:…@db.internal/volley volley serve",
  ],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const { access, drain, host, orchestrator, port, tls, warnings } = serveConfig(argv);
  await checkKeys(host, access, orchestrator);
  const log = stderrLog();
  const stop = stopRequested(log);
  const handler = createOrchestratorHandler({
    ...orchestrator,
    access: { ...access, clientAddress: (request) => server.requestIP(request)?.address },
    log,
    // To who is on this machine, and can read the configuration as well.
    showEndpoints: exposedBy(host, access.publicUrl) === undefined,
    keepOpen: (request) => server.timeout(request, 0),
  });
  await handler.opened;
  const server = listen({ host, port, fetch: withDashboard(handler), ...present({ tls }) });
  announce(server);
  for (const warning of warnings) log.warn(warning);
  if (!tls && !access.publicUrl && !isLoopback(host)) {
    log.warn("keys travel unencrypted: set --tls-cert and --tls-key, or --public-url", { host });
  }
  const code = await stop;
  await handler.close(drain);
  await finishAnswers(server);
  return code;
}

/** Throws StartError if nobody at all could come in from elsewhere, for want of a key. */
async function checkKeys(
  host: string,
  access: AccessSettings,
  { data, database }: Pick<OrchestratorConfig, "data" | "database">,
): Promise<void> {
  const exposing = exposedBy(host, access.publicUrl);
  if (exposing === undefined || access.adminKey !== undefined) return;
  const known =
    database === undefined
      ? databaseHasKeys(join(data, DATABASE_FILE))
      : await sharedDatabaseHasKeys(database);
  if (known) return;
  const where = database === undefined ? `--data ${data}` : "--database URL";
  throw new StartError([
    `${exposing} needs a key, so that not everybody may come in: volley key create --name NAME --scope admin ${where}`,
  ]);
}
