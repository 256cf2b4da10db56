/**
 * What an editor should know of the modules that volley gives runner files. Written by
 * `volley types`; the files need nothing of it to run.
 */
declare module "runners" {
  export interface RunnerContext {
    /** Region of the runner server, such as `eu-west-1`. */
    readonly region?: string;
    readonly runId?: string;
    /** Keeps a line with the result, and writes it to the server's log. */
    log(message: string, meta?: unknown): void;
  }

  export interface RunnerResult<Details = unknown> {
    /** The name of the result; it may differ from that of the function. */
    name: string;
    /** `pass` and `fail` are verdicts; `error` means that there is none. */
    status: "pass" | "fail" | "error";
    details?: Details;
    errorMessage?: string;
    durationMs?: number;
  }

  /** https://standardschema.dev: what Zod, Valibot, ArkType and others have in common. */
  export interface StandardSchema<Output = unknown> {
    readonly "~standard": {
      readonly version: 1;
      readonly vendor: string;
      readonly validate: (value: unknown) => unknown;
      readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
    };
  }

  /** What a schema makes of an input; another type stands for itself. */
  export type InputOf<Type> = Type extends StandardSchema<infer Output> ? Output : Type;

  /**
   * A runner: an exported async function with the directive "use runner". `Type` is a schema, as
   * in `Runner<typeof TitleInput>`, or the type of the input. Named by a schema, the input is
   * validated before the function is called, and has its defaults.
   */
  // oxlint-disable-next-line typescript/no-explicit-any
  export type Runner<Type = any, Details = unknown> = (
    ctx: RunnerContext,
    input: InputOf<Type>,
  ) => Promise<RunnerResult<Details>>;

  /** Executes functions one after the other; what one throws becomes an `error` result. */
  export function runRunners(options: {
    runners: ((ctx: RunnerContext) => Promise<RunnerResult>)[];
    region?: string;
    runId?: string;
    /** Limit of each in milliseconds; 30 000 if absent. */
    timeout?: number;
  }): Promise<{ region?: string; runId?: string; results: RunnerResult[] }>;
}

declare module "runners/config" {
  export interface RunnersConfig {
    url?: string;
    region?: string;
    runners?: string[];
    pattern?: string | string[];
  }

  /** Answers what it is given. */
  export function defineConfig(config: RunnersConfig): RunnersConfig;
}

declare module "runners/playwright" {
  import type { RunnerContext } from "runners";
  import type { Browser, BrowserContext, Page } from "volley/page";

  export type PlaywrightContext<Context = RunnerContext> = Context & {
    /** A Playwright page, already at `url`, after its network came to rest. */
    page: Page;
    url: string;
    browser: Browser;
    /** Of this runner alone: no cookie of another one is in it. */
    context: BrowserContext;
  };

  /** Opens `url` in a browser. Throws if it cannot be opened. */
  export function withPlaywright<Context extends RunnerContext>(
    ctx: Context,
    url: string,
  ): Promise<PlaywrightContext<Context>>;

  /** Closes the pages of this runner. */
  export function closeBrowser(): Promise<void>;
}
