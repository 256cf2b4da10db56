/**
 * The inside of a runner host: loads runner files and calls their functions, one task at a time.
 *
 * Runs in a child process that its server may kill at any moment, and that never ends itself while
 * the server is connected: a result is only worth something once it has arrived there.
 */
import { clip, type HostMessage, type Task } from "./host-messages.ts";
import {
  encodeReply,
  faultReply,
  type Reply,
  returnedReply,
  thrownReply,
  thrownText,
} from "./reply.ts";

/** Longest data of a log line, in characters of JSON; longer data is cut and kept as text. */
const MAX_META = 16_384;

type Send = (message: HostMessage) => void;

interface Called {
  readonly reply: Reply;
  readonly durationMs: number;
  readonly spent: boolean;
}

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
    process.on("disconnect", () => resolve(0));
    process.on("unhandledRejection", (error) => host.stray("An unhandled rejection", error));
    process.on("uncaughtException", (error) => host.stray("An uncaught exception", error));
    process.on("message", (task: Task) => void host.execute(task));
  });
}

class Host {
  readonly #send: Send;
  readonly #end: (code: number) => void;
  readonly #root = process.cwd();
  /** Ends the task in progress with a reply, for a fault outside of the function's promise. */
  #interrupt: ((reply: Reply) => void) | undefined;

  constructor(send: Send, end: (code: number) => void) {
    this.#send = send;
    this.#end = end;
  }

  async execute(task: Task): Promise<void> {
    const { id } = task;
    this.#send({ type: "accepted", id });
    const interrupted = new Promise<Reply>((resolve) => {
      this.#interrupt = resolve;
    });
    const startedAt = performance.now();
    const { durationMs, reply, spent } = await Promise.race([
      this.#call(task),
      interrupted.then((fault) => ({ ...since(startedAt), reply: fault, spent: true })),
    ]);
    this.#interrupt = undefined;
    this.#send({ type: "result", id, reply: encodeReply(reply, durationMs), spent });
  }

  /** A rejection or exception that no promise of a task carries. */
  stray(what: string, error: unknown): void {
    if (this.#interrupt) {
      this.#interrupt(faultReply(`${what} while the runner was executing: ${thrownText(error)}`));
      return;
    }
    process.stderr.write(`${what} after the runner had ended: ${thrownText(error)}\n`);
    this.#end(1);
  }

  async #call(task: Task): Promise<Called> {
    const loadedAt = performance.now();
    let run: unknown;
    try {
      run = ((await import(task.path)) as Record<string, unknown>)[task.exportName];
    } catch (error) {
      // The failed module stays in this process: the mended file needs another one.
      return { ...since(loadedAt), reply: faultReply(this.#loadFault(task, error)), spent: true };
    }
    if (typeof run !== "function") {
      const message = `"${task.exportName}" of ${this.#shown(task.path)} is not a function.`;
      return { ...since(loadedAt), reply: faultReply(message), spent: false };
    }
    this.#send({ type: "started", id: task.id });
    const startedAt = performance.now();
    let reply: Reply;
    try {
      reply = returnedReply(await run(this.#context(task), task.input));
    } catch (error) {
      reply = thrownReply(error);
    }
    const called = { ...since(startedAt), reply, spent: false };
    await strayFaultsSurfaced();
    return called;
  }

  #context({ id, region, runId }: Task): object {
    const log = (message: unknown, meta?: unknown): void => {
      const at = new Date().toISOString();
      const text = clip(typeof message === "string" ? message : Bun.inspect(message));
      const data = metaJson(meta);
      this.#send({
        type: "log",
        id,
        at,
        message: text,
        ...(data === undefined ? {} : { meta: data }),
      });
    };
    return {
      ...(region === undefined ? {} : { region }),
      ...(runId === undefined ? {} : { runId }),
      log,
    };
  }

  #loadFault(task: Task, error: unknown): string {
    const position = (error as { position?: { line: number; column: number } | null }).position;
    const at = position ? ` at ${position.line}:${position.column}` : "";
    return `Cannot load ${this.#shown(task.path)}${at}: ${this.#shown(thrownText(error))}`;
  }

  /** Paths relative to the project: a result is read far from this machine. */
  #shown(text: string): string {
    return text.replaceAll(`${this.#root}/`, "");
  }
}

/** Data of a log line as JSON; data that has none is shown as text. */
function metaJson(meta: unknown): string | undefined {
  if (meta === undefined) return undefined;
  let json: string | undefined;
  try {
    json = JSON.stringify(meta);
  } catch {
    json = undefined;
  }
  json ??= JSON.stringify(clip(Bun.inspect(meta)));
  return json.length <= MAX_META ? json : JSON.stringify(clip(json));
}

/** One turn of timers and one of the event loop: a promise nobody awaits has been reported by then. */
async function strayFaultsSurfaced(): Promise<void> {
  await Bun.sleep(1);
  await new Promise((resolve) => setImmediate(resolve));
}

function since(start: number): { durationMs: number } {
  return { durationMs: Math.round(performance.now() - start) };
}
