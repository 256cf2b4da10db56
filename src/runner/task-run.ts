/**
 * One task inside a host: its context, its visit to the browser, and the call of its function.
 *
 * It ends with exactly one reply, either the function's or that of an interruption, and leaves no
 * page behind.
 */
import { nextTurn } from "../lib/turn.ts";
import type { HostBrowser } from "./browser/host-browser.ts";
import { isGoneError, navigationFault } from "./browser/navigation.ts";
import { Visit } from "./browser/visit.ts";
import { contextOf, type RunnerContext } from "./host-context.ts";
import type { HostMessage, Task } from "./host-messages.ts";
import { inputSchemaOf, jsonSchemaOf, validInput } from "./input.ts";
import { type LoadedRunner, loadRunner } from "./load-runner.ts";
import { faultReply, type Reply, returnedReply, thrownReply, timedOutText } from "./reply.ts";
import { type RunnerErrorCode, RunnerFault } from "./runner-errors.ts";

export interface TaskEnvironment {
  readonly root: string;
  readonly browser: HostBrowser;
  readonly send: (message: HostMessage) => void;
  /** Executes the function such that the SDK modules know whose call they serve. */
  readonly within: <Value>(run: TaskRun, call: () => Value) => Value;
}

export interface TaskAnswer {
  readonly reply: Reply;
  readonly durationMs: number;
  /** Something went wrong that makes the process unfit to go on. */
  readonly spent: boolean;
}

/** How long an error about a closed page may wait for the news that the browser crashed. */
const CRASH_NEWS_MS = 1_000;
/** How long after the end of a task its closed pages may still be heard of. */
const AFTERMATH_MS = 1_000;

export class TaskRun {
  readonly context: RunnerContext;
  readonly visit: Visit;
  readonly #task: Task;
  readonly #environment: TaskEnvironment;
  readonly #interrupted = Promise.withResolvers<Reply>();
  #since = performance.now();
  #limit: ReturnType<typeof setTimeout> | undefined;
  #executing = false;
  #answered = false;
  #strayed = false;
  #endedAt: number | undefined;

  constructor(task: Task, environment: TaskEnvironment) {
    const { browser, send } = environment;
    this.#task = task;
    this.#environment = environment;
    this.context = contextOf(task, send);
    this.visit = new Visit({
      browser,
      settings: task.browser,
      deadline: () => this.#since + task.timeout,
      begun: () => this.#browsing(),
      crashed: () => this.crash("The process of the page crashed"),
    });
  }

  async answer(): Promise<TaskAnswer> {
    const called = this.#call().then((reply) => ({ reply, spent: false }));
    const interrupted = this.#interrupted.promise.then((reply) => ({ reply, spent: true }));
    const { reply, spent } = await Promise.race([called, interrupted]);
    clearTimeout(this.#limit);
    this.#answered = true;
    const durationMs = Math.round(performance.now() - this.#since);
    if (!this.visit.begun) return { reply, durationMs, spent };
    const evidence = reply.status === "pass" ? undefined : await this.visit.evidence();
    const left = await this.visit.end();
    // What was still waiting on a page rejects now, while this task is there to answer for it.
    await strayFaultsSurfaced();
    this.#endedAt = performance.now();
    const whole = evidence ? { ...reply, evidence } : reply;
    return { reply: whole, durationMs, spent: spent || this.#strayed || !left };
  }

  /** Whether the function was called and has not answered. */
  get executing(): boolean {
    return this.#executing && !this.#answered;
  }

  /** Ends the task for a fault outside of its function's promise. */
  interrupt(code: RunnerErrorCode, message: string): void {
    this.#strayed = true;
    this.#interrupted.resolve(faultReply(code, message));
  }

  crash(what: string): void {
    if (this.visit.begun && !this.#answered) {
      this.interrupt("browser_crashed", `${what} while the runner was executing.`);
    }
  }

  /** Whether a stray rejection only says that a page was closed by us. */
  isAftermath(error: unknown): boolean {
    if (!this.visit.closing || !isGoneError(error)) return false;
    return performance.now() < (this.#endedAt ?? Infinity) + AFTERMATH_MS;
  }

  /** Never rejects. */
  async #call(): Promise<Reply> {
    const { inputSchema, name, path, want } = this.#task;
    let loaded: LoadedRunner;
    let input: unknown = this.#task.input;
    try {
      loaded = await loadRunner(this.#task, this.#environment.root);
      const schema = inputSchema && (await inputSchemaOf(inputSchema, loaded.module, path));
      if (want === "schema") {
        return { status: "pass", details: schema && (await jsonSchemaOf(schema)) };
      }
      if (schema) input = await validInput(name, schema, input);
    } catch (error) {
      // The failed module stays in this process: the mended file needs another one.
      this.#strayed ||= error instanceof RunnerFault && error.code === "cannot_load";
      return thrownReply(error);
    }
    return this.#execute(loaded, input);
  }

  async #execute({ run }: LoadedRunner, input: unknown): Promise<Reply> {
    this.#environment.send({ type: "started", id: this.#task.id });
    this.#since = performance.now();
    this.#executing = true;
    let reply: Reply;
    try {
      const returned = this.#environment.within(this, () => run(this.context, input));
      reply = returnedReply(await returned);
    } catch (error) {
      if (this.visit.begun && isGoneError(error)) await Bun.sleep(CRASH_NEWS_MS);
      reply = thrownReply((this.visit.begun && navigationFault(error)) || error);
    }
    await strayFaultsSurfaced();
    return reply;
  }

  /** From here on the host keeps the limit itself: it can still say what the page shows. */
  #browsing(): void {
    this.#environment.send({ type: "browsing", id: this.#task.id });
    const { timeout } = this.#task;
    const left = this.#since + timeout - performance.now();
    this.#limit = setTimeout(() => this.interrupt("timed_out", timedOutText(timeout)), left);
  }
}

/** One turn of timers and one of the event loop: a promise nobody awaits has been reported by then. */
async function strayFaultsSurfaced(): Promise<void> {
  await Bun.sleep(1);
  await nextTurn();
}
