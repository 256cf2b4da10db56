/**
 * volley serve: the orchestrator as a server, from flags to a listening socket and back.
 */
import { serveConfig } from "../config.ts";
import { createOrchestratorHandler } from "../handler.ts";
import { serveFlags } from "../settings.ts";
import type { Command } from "./command.ts";
import { announce, finishAnswers, listen, stderrLog, stopRequested } from "./listen.ts";

export const command: Command = {
  name: "serve",
  summary: "accept runs over HTTP and dispatch them to regional runner servers",
  usage: "serve [flags]",
  about: [
    "Serves the API at /api/orchestrator (docs at /api/orchestrator/docs). Regions come from",
    "PLAYWRIGHT_RUNNERS, a JSON object from region name to runner endpoint; a value may also be",
    '{"url", "token", "ca"}. Prints one line on stdout when ready; logs go to stderr.',
  ].join("\n"),
  flags: serveFlags,
  examples: [
    "volley serve",
    `PLAYWRIGHT_RUNNERS='{"eu-west-1":"http://127.0.0.1:4000/api/runner"}' volley serve --port 3000`,
    "volley serve --data /var/lib/volley --max-in-flight 200",
  ],
  run,
};

/** Addresses that only somebody on this machine reaches, who can read the configuration as well. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

async function run(argv: readonly string[]): Promise<number> {
  const { drain, host, port, ...options } = serveConfig(argv);
  const log = stderrLog();
  const stop = stopRequested(log);
  const handler = createOrchestratorHandler({
    ...options,
    log,
    showEndpoints: LOOPBACK.test(host),
    keepOpen: (request) => server.timeout(request, 0),
  });
  const server = listen({ host, port, fetch: handler });
  announce(server);
  const code = await stop;
  await handler.close(drain);
  await finishAnswers(server);
  return code;
}
