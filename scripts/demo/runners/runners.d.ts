/** What an editor should know of the modules that a runner host provides. */
declare module "runners" {
  export interface RunnerContext {
    /** Region of the runner server, such as `eu-west-1`. */
    readonly region?: string;
    readonly runId?: string;
    /** Keeps a line with the result, and writes it to the server's log. */
    log(message: string, meta?: unknown): void;
  }

  export interface RunnerResult {
    readonly name: string;
    readonly status: "pass" | "fail" | "error";
    readonly details?: unknown;
    readonly errorMessage?: string;
  }

  export type Runner<Input> = (ctx: RunnerContext, input: Input) => Promise<RunnerResult>;
}
