/**
 * What `runners` gives a runner file beside types: `runRunners`, for a runner made of others.
 */
import { thrownText, timedOutText } from "../reply.ts";

interface Context {
  readonly region?: string;
  readonly runId?: string;
  readonly log: (message: string, meta?: unknown) => void;
}

interface PartialResult {
  readonly name?: string;
  readonly status?: string;
}

interface RunRunnersOptions {
  readonly runners: readonly ((ctx: Context) => Promise<PartialResult>)[];
  readonly region?: string;
  readonly runId?: string;
  /** Limit of each runner in milliseconds; 30 000 as in the SDK. */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Executes functions one after the other and never rejects because of one: what it throws, or a
 * limit it passes, is an `error` result. `context`: that of the runner that calls.
 */
export function makeRunRunners(context: () => Context | undefined) {
  return async (options: RunRunnersOptions) => {
    const { runners, timeout = DEFAULT_TIMEOUT_MS } = options ?? {};
    if (!Array.isArray(runners) || runners.length === 0) {
      throw new TypeError("runRunners needs a list of at least one runner.");
    }
    const outer = context();
    const ctx: Context = {
      log: (message) => console.log(message),
      ...outer,
      ...(options.region === undefined ? {} : { region: options.region }),
      ...(options.runId === undefined ? {} : { runId: options.runId }),
    };
    const results: object[] = [];
    for (const runner of options.runners) results.push(await executeOne(runner, ctx, timeout));
    return { region: ctx.region, runId: ctx.runId, results };
  };
}

async function executeOne(
  runner: RunRunnersOptions["runners"][number],
  ctx: Context,
  timeout: number,
): Promise<object> {
  const startedAt = performance.now();
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error(timedOutText(timeout))), timeout);
  try {
    const result = await Promise.race([runner(ctx), limit.promise]);
    return { durationMs: Math.round(performance.now() - startedAt), ...result };
  } catch (error) {
    const durationMs = Math.round(performance.now() - startedAt);
    return { name: "unknown", status: "error", errorMessage: thrownText(error), durationMs };
  } finally {
    clearTimeout(timer);
  }
}
