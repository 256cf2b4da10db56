/**
 * volley runner: a folder of runner files as a server for one region.
 */
import { hostOptions, runnerConfig } from "../config.ts";
import { safeFetch } from "../http/app.ts";
import { originalRequest } from "../http/own-request.ts";
import { createRunnerApp } from "../http/runner-app.ts";
import { SignatureCheck } from "../http/signature-check.ts";
import { systemClock } from "../lib/clock.ts";
import { redactedLog } from "../lib/log.ts";
import { isLoopback } from "../lib/loopback.ts";
import { Metrics } from "../lib/metrics.ts";
import { present } from "../lib/present.ts";
import { Redactor } from "../lib/redactor.ts";
import { writtenKeys } from "../lib/signature.ts";
import { hostCommand } from "../runner/host-command.ts";
import { RunnerPool } from "../runner/pool.ts";
import { Project } from "../runner/project.ts";
import { runnerFlags } from "../settings.ts";
import type { Command } from "./command.ts";
import { anonymous } from "./exposure.ts";
import { announce, finishAnswers, listen, stderrLog, stopRequested } from "./listen.ts";

export const command: Command = {
  name: "runner",
  summary: "execute a folder of runner files for one region, over HTTP",
  usage: "runner [DIR] [flags]",
  about: [
    'Serves the exported async functions of DIR (default ".") that carry the "use runner" directive',
    "at /api/runner. DIR is a project with src/ or runners/, which are scanned, or the folder of the",
    "files itself. Runner files are executed in child processes, never in the server; a changed file",
    "is picked up by the next request. They are code of yours with your rights: this is not a sandbox.",
    "The modules runners, runners/playwright and zod need not be installed; a Chrome or Chromium does,",
    "for runners that call withPlaywright. volley types writes what an editor wants to know.",
  ].join("\n"),
  flags: runnerFlags,
  examples: [
    "volley runner ./checks --region eu-west-1",
    "volley runner --port 4001 --hosts 4 --runner-timeout 60s",
    "volley runner --host 0.0.0.0 --token-env RUNNER_TOKEN --tls-cert server.pem --tls-key server.key",
    'RUNNER_TOKEN=secret volley runner --token-env RUNNER_TOKEN --chrome-args="--lang=de"',
    "curl http://127.0.0.1:4000/api/runner/info",
  ],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const config = runnerConfig(argv);
  const { redact: keys, signingKeys, token } = config;
  const values = [...(token === undefined ? [] : [token]), ...writtenKeys(signingKeys ?? [])];
  const redactor = new Redactor({ keys, values });
  const log = redactedLog(stderrLog(), redactor);
  const hosts = hostOptions(config);
  const project = Project.open(config.dir, log);
  // Looked at now, so that what is wrong is said at the start.
  await project.catalog();
  const stop = stopRequested(log);
  const runners = new RunnerPool({
    project,
    command: hostCommand(),
    maxQueued: config.maxQueued,
    redactor,
    log,
    ...hosts,
  });
  const metrics = new Metrics();
  metrics.gauge("volley_runner_jobs_active", "Jobs being executed.", () => [[{}, runners.active]]);
  metrics.gauge("volley_runner_jobs_waiting", "Jobs waiting for a host.", () => [
    [{}, runners.waiting],
  ]);
  let draining = false;
  const app = createRunnerApp({
    runners,
    log,
    metrics,
    isDraining: () => draining,
    maxBody: config.maxBody,
    keepOpen: (request) => server.timeout(originalRequest(request), 0),
    allowedHosts: config.allowedHosts,
    tls: config.tls !== undefined,
    ...present({
      region: config.region,
      token,
      signature: signingKeys && new SignatureCheck(signingKeys, systemClock.now),
    }),
  });
  const server = listen({ ...config, fetch: safeFetch(app) });
  announce(server);
  if (token === undefined && !isLoopback(config.host)) {
    const what = anonymous(signingKeys !== undefined);
    log.warn(`anybody may ${what}: set --token-env`, { host: config.host });
  }
  const code = await stop;
  draining = true;
  await idle(runners, config.drain);
  await runners.close();
  await finishAnswers(server);
  return code;
}

/** Between two looks at whether jobs are in progress, in milliseconds. */
const LOOK_MS = 20;

/** Resolves once no job is in progress, at the latest after `limitMs` milliseconds. */
async function idle(runners: RunnerPool, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (runners.active + runners.waiting > 0 && performance.now() < end) await Bun.sleep(LOOK_MS);
}
