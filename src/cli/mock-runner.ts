/** volley mock-runner: a runner server that fails as it is told, for trying failure. */
import { mockRunnerConfig } from "../config.ts";
import { originalRequest } from "../http/own-request.ts";
import { present } from "../lib/present.ts";
import { mockRunner } from "../mock/mock-runner.ts";
import { scriptHelp } from "../mock/script.ts";
import { mockRunnerFlags } from "../settings.ts";
import type { Command } from "./command.ts";
import { announce, finishAnswers, listen, stderrLog, stopRequested } from "./listen.ts";

export const command: Command = {
  name: "mock-runner",
  summary: "a runner server that answers by a script, for trying failure without a fleet",
  usage: "mock-runner [flags]",
  about: [
    "Serves /api/runner as volley runner does, and executes nothing: each dispatch of a job takes",
    "the next entry of the script, and after the last one the first. pass*9,500 is nine passes and a",
    "failure. Which entry a job got stands in the log. The entries:",
    scriptHelp(),
  ].join("\n"),
  flags: mockRunnerFlags,
  examples: [
    "volley mock-runner --region eu --script pass,fail,hang,500,slow:3s,garbage",
    "volley mock-runner --region us --port 4001 --runners titleTest --script flaky:0.3 --seed 7",
    `PLAYWRIGHT_RUNNERS='{"eu":"http://127.0.0.1:4000/api/runner"}' volley serve`,
  ],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const { host, port, region, runners, script, seed } = mockRunnerConfig(argv);
  const log = stderrLog();
  const stop = stopRequested(log);
  const fetch = mockRunner({
    script,
    seed,
    log,
    keepOpen: (request) => server.timeout(originalRequest(request), 0),
    ...present({ region, runners: runners.length === 0 ? undefined : new Set(runners) }),
  });
  const server = listen({ host, port, fetch });
  announce(server);
  const code = await stop;
  await finishAnswers(server);
  return code;
}
