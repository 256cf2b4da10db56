/** The stub endpoint of a case, and the scripts that send the same jobs to it. */
import { expectCount } from "./case.ts";
import { SERVER_CERTIFICATE, SERVER_KEY, startTool, type Tool } from "./processes.ts";
import type { EndpointQuestion } from "./tools/endpoint.ts";
import type { LoopAnswer, LoopQuestion } from "./tools/loop.ts";

export interface Endpoint extends AsyncDisposable {
  /** As in PLAYWRIGHT_RUNNERS. */
  readonly base: string;
  /** Jobs that have arrived so far. */
  readonly received: () => Promise<number>;
  /** Resolves when the next job arrives. */
  readonly next: () => Promise<void>;
  /** Lets jobs with `?gate` in their url be answered, those that come later too, or holds them. */
  readonly gate: (state: "open" | "close") => Promise<void>;
}

export async function startEndpoint(scheme: "http" | "https" = "http"): Promise<Endpoint> {
  const tool = startTool<EndpointQuestion, string | number>(
    "endpoint",
    scheme === "https" ? [SERVER_CERTIFICATE, SERVER_KEY] : [],
  );
  return {
    base: String(await tool.ask("origin")),
    received: async () => Number(await tool.ask("received")),
    next: async () => void (await tool.ask("next")),
    gate: async (state) => void (await tool.ask(state)),
    [Symbol.asyncDispose]: () => tool[Symbol.asyncDispose](),
  };
}

export type Loop = Tool<LoopQuestion, LoopAnswer>;

/** The same jobs by a script. Rejects unless every job arrived once and passed. */
export async function timedLoop(
  loop: Loop,
  { base, received }: Endpoint,
  { concurrency, urls }: Pick<LoopQuestion, "concurrency" | "urls">,
): Promise<LoopAnswer> {
  const before = await received();
  const answer = await loop.ask({ base, concurrency, urls });
  expectCount("jobs of the script that passed", answer.passed, urls.length);
  expectCount("jobs of the script at the endpoint", (await received()) - before, urls.length);
  return answer;
}
