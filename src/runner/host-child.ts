/**
 * The inside of a runner host: a child process that executes one task at a time for its server.
 *
 * The server may kill it at any moment. It never ends itself while the server is connected, unless
 * it is no longer fit: a result is only worth something once it has arrived there.
 */
import { AsyncLocalStorage } from "node:async_hooks";

import { HostBrowser } from "./browser/host-browser.ts";
import type { HostMessage, Task } from "./host-messages.ts";
import { encodeReply, thrownText } from "./reply.ts";
import type { RunnerErrorCode } from "./runner-errors.ts";
import { ModuleRegistry } from "./sdk/modules.ts";
import { makeRunRunners } from "./sdk/runners.ts";
import { type TaskEnvironment, TaskRun } from "./task-run.ts";

/** Resolves with an exit code: when the server is gone, or when the host is no longer fit. */
export function serveTasks(): Promise<number> {
  const channel = process.send?.bind(process);
  if (!channel) {
    process.stderr.write("volley: a runner host is started by volley itself.\n");
    return Promise.resolve(2);
  }
  // Libraries that look for a parent process must not talk to ours.
  delete process.send;
  return new Promise((resolve) => {
    const host = new Host((message) => void channel(message), resolve);
    process.on("disconnect", () => void host.close());
    process.on("unhandledRejection", (error) => host.stray("unhandled_rejection", error));
    process.on("uncaughtException", (error) => host.stray("uncaught_exception", error));
    process.on("message", (task: Task) => void host.execute(task));
  });
}

const STRAY: Readonly<Partial<Record<RunnerErrorCode, string>>> = {
  unhandled_rejection: "An unhandled rejection",
  uncaught_exception: "An uncaught exception",
};

class Host {
  readonly #end: (code: number) => void;
  readonly #browser = new HostBrowser(() => this.#current?.crash("The browser crashed"));
  readonly #modules: ModuleRegistry;
  readonly #environment: TaskEnvironment;
  /** Whose call a piece of a runner's code belongs to, however late it runs. */
  readonly #caller = new AsyncLocalStorage<TaskRun>();
  #current: TaskRun | undefined;
  #previous: TaskRun | undefined;

  constructor(send: (message: HostMessage) => void, end: (code: number) => void) {
    this.#end = end;
    this.#environment = {
      root: process.cwd(),
      browser: this.#browser,
      send,
      within: (run, call) => this.#caller.run(run, call),
    };
    this.#modules = new ModuleRegistry({
      runners: { runRunners: makeRunRunners(() => this.#calling()?.context) },
      playwright: {
        withPlaywright: (context: object, url: string) => this.#withPlaywright(context, url),
        closeBrowser: () => this.#calling()?.visit.leave(),
      },
      config: { defineConfig: (config: unknown) => config },
    });
  }

  async execute(task: Task): Promise<void> {
    // Not accepted: another host, which has loaded nothing yet, gets the task.
    if (!this.#modules.offer(task.path)) return this.#end(0);
    const { send } = this.#environment;
    send({ type: "accepted", id: task.id });
    const run = new TaskRun(task, this.#environment);
    this.#current = run;
    const { durationMs, reply, spent } = await run.answer();
    this.#current = undefined;
    this.#previous = run;
    send({ type: "result", id: task.id, reply: encodeReply(reply, durationMs), spent });
  }

  /** A rejection or exception that no promise of a task carries. */
  stray(code: RunnerErrorCode, error: unknown): void {
    if (this.#current?.isAftermath(error) || this.#previous?.isAftermath(error)) return;
    const text = thrownText(error);
    if (this.#current) {
      return this.#current.interrupt(
        code,
        `${STRAY[code]} while the runner was executing: ${text}`,
      );
    }
    process.stderr.write(`${STRAY[code]} after the runner had ended: ${text}\n`);
    this.#end(1);
  }

  /** The server is gone or done with this host. */
  async close(): Promise<void> {
    await this.#browser.close();
    this.#end(0);
  }

  #calling(): TaskRun | undefined {
    return this.#caller.getStore() ?? this.#current;
  }

  async #withPlaywright(context: object, url: string): Promise<object> {
    const run = this.#calling();
    if (!run?.executing) throw new Error("withPlaywright was called outside of a runner.");
    return { ...context, ...(await run.visit.open(url)) };
  }
}
