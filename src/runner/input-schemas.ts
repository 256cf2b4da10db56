/**
 * The JSON Schemas of the inputs of a project's runners, gathered in a runner host of their own:
 * they are values of runner files, and those are never executed in the server.
 *
 * Gathered once per revision of the files, and never in the way of a job.
 */
import { DEFAULT_BROWSER } from "./browser/settings.ts";
import { type HostOptions, RunnerHost } from "./host.ts";
import type { Catalog, RunnerEntry } from "./project.ts";

type Schemas = ReadonlyMap<string, unknown>;

/** Limit of one file; a file that takes longer has no schema to show. */
const LIMIT_MS = 5_000;
const NONE: Schemas = new Map();

export class InputSchemas {
  readonly #options: HostOptions;
  #revision: string | undefined;
  #gathering: Promise<Schemas> = Promise.resolve(NONE);
  #host: RunnerHost | undefined;
  #closed = false;

  constructor(options: HostOptions) {
    const { command, env, log, root, runnerTimeout } = options;
    this.#options = {
      command,
      env,
      log,
      root,
      runnerTimeout: Math.min(runnerTimeout, LIMIT_MS),
    };
  }

  /** By runner. What is not known within `waitMs` is missing. Never rejects. */
  of(catalog: Catalog, waitMs: number): Promise<Schemas> {
    if (this.#revision !== catalog.revision) {
      this.#revision = catalog.revision;
      const before = this.#gathering;
      this.#gathering = before.then(() => this.#gather(catalog)).catch(() => NONE);
    }
    return Promise.race([this.#gathering, Bun.sleep(waitMs).then(() => NONE)]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#host?.kill();
  }

  async #gather(catalog: Catalog): Promise<Schemas> {
    const found = new Map<string, unknown>();
    try {
      for (const [name, entry] of catalog.runners) {
        if (this.#closed || catalog.revision !== this.#revision) break;
        if (!entry.inputSchema) continue;
        const schema = await this.#ask(entry);
        if (schema !== undefined) found.set(name, schema);
      }
    } finally {
      await this.#host?.kill();
      this.#host = undefined;
    }
    return found;
  }

  async #ask({ exportName, inputSchema, locals, name, path }: RunnerEntry): Promise<unknown> {
    if (!this.#host?.alive) this.#host = new RunnerHost(this.#options);
    const task = { name, path, exportName, locals, want: "schema", input: {} } as const;
    const schema = inputSchema === undefined ? {} : { inputSchema };
    const { reply, reusable } = await this.#host.execute(
      { ...task, ...schema, browser: DEFAULT_BROWSER },
      this.#options.log.with({ runner: name }),
    );
    if (!reusable) await this.#host.kill();
    return reply.status === "pass" ? reply.details : undefined;
  }
}
