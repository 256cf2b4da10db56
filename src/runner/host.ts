/**
 * A runner host as its server sees it: one child process, in a process group of its own, that
 * executes one task at a time.
 *
 * Every task ends exactly once, whatever becomes of the process; a host that lost a task is dead,
 * and so is everything it started.
 */
import type { Log } from "../lib/log.ts";
import { HostFolder } from "./host-folder.ts";
import { type HostMessage, isHostMessage, type Task } from "./host-messages.ts";
import { drain } from "./output.ts";
import { faultReply, type Reply } from "./reply.ts";
import { acceptedReply, faults, type HostFault } from "./task-end.ts";
import { type LogLine, TaskLog } from "./task-log.ts";

export interface HostOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Working directory. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Limit of one runner, and of loading its file, in milliseconds. */
  readonly runnerTimeout: number;
  readonly log: Log;
}

export interface TaskEnd {
  readonly reply: Reply;
  readonly logs: readonly LogLine[];
  /** False if the process never received the task: then it can be given to another host. */
  readonly accepted: boolean;
  /** False if the host must not be used again. */
  readonly reusable: boolean;
}

/** A task as the pool gives it; the rest of it is the host's. */
export type HostTask = Omit<Task, "id" | "timeout">;

interface Pending {
  readonly id: number;
  readonly serverLog: Log;
  readonly log: TaskLog;
  readonly end: (end: TaskEnd) => void;
  phase: "sent" | "loading" | "running";
  since: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** A healthy process takes a task in milliseconds; this is for a machine out of breath. */
const ACCEPT_LIMIT_MS = 10_000;
/** Most bytes one task may print and log. */
const MAX_OUTPUT = 4 * 1024 ** 2;
/** How long a dead process may still have messages on their way. */
const LAST_WORDS_MS = 200;
/** Past the limit of a runner that uses the browser: time to take a picture of the page. */
const PICTURE_MS = 3_000;
/** How long a host may take to close its browser. */
const RETIRE_MS = 2_500;

export class RunnerHost {
  readonly pid: number;
  /** Resolves once the process has ended, and its browser and temporary files are gone. */
  readonly exited: Promise<void>;
  readonly #options: HostOptions;
  readonly #process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #stopDraining: () => void;
  readonly #disconnected = Promise.withResolvers<void>();
  readonly #folder: HostFolder;
  /** For what is printed between tasks: that of the last one, which may still be talking. */
  #idleLog: TaskLog;
  #pending: Pending | undefined;
  #tasks = 0;
  #output = 0;
  #alive = true;
  #browsed = false;

  /** Throws if the process cannot be started. */
  constructor(options: HostOptions) {
    const { command, env, root } = options;
    this.#options = options;
    this.#idleLog = new TaskLog(options.log);
    this.#folder = new HostFolder(env["TMPDIR"]);
    try {
      this.#process = Bun.spawn([...command], {
        cwd: root,
        env: { ...env, TMPDIR: this.#folder.path },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
        serialization: "json",
        ipc: (message) => this.#receive(message),
        onDisconnect: () => this.#disconnected.resolve(),
      });
    } catch (error) {
      void this.#folder.clear(false);
      throw error;
    }
    this.pid = this.#process.pid;
    const drains = (["stdout", "stderr"] as const).map((stream) =>
      drain(this.#process[stream], {
        received: (bytes) => this.#count(bytes),
        line: (text) => this.#printed(stream, text),
      }),
    );
    this.#stopDraining = () => drains.forEach((stop) => stop());
    this.exited = this.#watch();
  }

  /** Whether the host can take a task. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Whether a runner has used the browser. */
  get browsed(): boolean {
    return this.#browsed;
  }

  /** Executes one task. Never rejects. `log`: gets what the runner says. */
  execute(task: HostTask, log: Log): Promise<TaskEnd> {
    const id = ++this.#tasks;
    this.#output = 0;
    return new Promise((end) => {
      const pending: Pending = {
        id,
        serverLog: log,
        log: new TaskLog(log),
        end,
        phase: "sent",
        since: performance.now(),
        timer: undefined,
      };
      this.#pending = pending;
      if (!this.#alive) return this.#lose(faults.gone());
      this.#limit(pending, ACCEPT_LIMIT_MS, faults.silent(ACCEPT_LIMIT_MS));
      try {
        this.#process.send({ id, timeout: this.#options.runnerTimeout, ...task });
      } catch {
        // It has just ended.
        this.#lose(faults.gone());
      }
    });
  }

  /** Kills the process and everything it started; resolves once it is gone. */
  kill(): Promise<void> {
    this.#alive = false;
    killGroup(this.pid);
    this.#stopDraining();
    return this.exited;
  }

  /** Lets the host close its browser and end by itself; kills it if it does not. */
  async retire(): Promise<void> {
    this.#alive = false;
    if (!this.#browsed) return this.kill();
    try {
      this.#process.disconnect();
    } catch {
      // It has just ended.
    }
    await Promise.race([this.#process.exited, Bun.sleep(RETIRE_MS)]);
    return this.kill();
  }

  async #watch(): Promise<void> {
    await this.#process.exited;
    this.#alive = false;
    // What it started and left behind in its group goes with it.
    killGroup(this.pid);
    await Promise.race([this.#disconnected.promise, Bun.sleep(LAST_WORDS_MS)]);
    this.#stopDraining();
    const { exitCode, signalCode } = this.#process;
    if (this.#pending?.phase === "sent") this.#lose(faults.gone());
    else this.#lose(faults.exited(exitCode, signalCode));
    await this.#folder.clear(this.#browsed);
  }

  #receive(message: unknown): void {
    const pending = this.#pending;
    // What a runner's code sends, or says after its end, is nobody's.
    if (!pending || !isHostMessage(message) || message.id !== pending.id) return;
    try {
      this.#obey(pending, message);
    } catch (error) {
      pending.serverLog.warn("runner host sent nonsense", { error });
      this.#lose(faults.nonsense());
    }
  }

  #obey(pending: Pending, message: HostMessage): void {
    const { runnerTimeout } = this.#options;
    switch (message.type) {
      case "accepted":
        this.#enter(pending, "loading");
        return this.#limit(pending, runnerTimeout, faults.loadTimedOut(runnerTimeout));
      case "started":
        this.#enter(pending, "running");
        return this.#limit(pending, runnerTimeout, faults.timedOut(runnerTimeout));
      case "browsing":
        this.#browsed = true;
        if (pending.phase !== "running") return;
        return this.#limit(pending, runnerTimeout + PICTURE_MS, faults.timedOut(runnerTimeout));
      case "log":
        this.#count(message.message.length + (message.meta?.length ?? 0));
        return pending.log.add(message);
      case "result": {
        const reply = acceptedReply(message.reply);
        return this.#finish(pending, { reply, accepted: true, reusable: !message.spent });
      }
    }
  }

  #enter(pending: Pending, phase: Pending["phase"]): void {
    pending.phase = phase;
    pending.since = performance.now();
  }

  #limit(pending: Pending, ms: number, fault: HostFault): void {
    clearTimeout(pending.timer);
    const left = pending.since + ms - performance.now();
    pending.timer = setTimeout(() => this.#lose(fault), left);
  }

  #count(bytes: number): void {
    this.#output += bytes;
    if (this.#output <= MAX_OUTPUT || !this.#alive) return;
    if (this.#pending) this.#lose(faults.tooMuchOutput(MAX_OUTPUT));
    else void this.kill();
  }

  #printed(stream: "stdout" | "stderr", text: string): void {
    (this.#pending?.log ?? this.#idleLog).printed(stream, text);
  }

  /** Ends the task in progress with a fault, and the process with it. */
  #lose(fault: HostFault): void {
    const pending = this.#pending;
    if (!pending) return;
    const { code, message } = fault;
    const accepted = pending.phase !== "sent";
    pending.serverLog.warn("runner host lost", { code, pid: this.pid, accepted });
    const durationMs = Math.round(performance.now() - pending.since);
    const reply: Reply = { ...faultReply(code, message), durationMs };
    this.#finish(pending, { reply, accepted, reusable: false });
    void this.kill();
  }

  #finish(pending: Pending, end: Omit<TaskEnd, "logs">): void {
    clearTimeout(pending.timer);
    this.#pending = undefined;
    this.#idleLog = pending.log;
    pending.end({ ...end, logs: pending.log.lines });
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}
