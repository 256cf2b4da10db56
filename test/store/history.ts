/**
 * A run on its way through a store, by random but repeatable steps, with a model of the events it
 * must tell: every one, in the order it happened.
 */
import type { RunEvent } from "../../src/domain/event.ts";
import type { EndState } from "../../src/domain/job.ts";
import type { PendingJob, RunStore, StoredRun } from "../../src/store/store.ts";
import type { Random } from "../support/random.ts";
import { answered, CREATED, endJob, struck, unreachable } from "./fixture.ts";

/** An event in short: `job.started job_r_0 2` is the second start of that job. */
export function outline({ data, id, type }: RunEvent): string {
  if (type === "run.started") return `${id} ${type} ${data.totalJobs}`;
  if (type === "job.started") return `${id} ${type} ${data.jobId} ${data.attempt}`;
  if (type === "job.finished") return `${id} ${type} ${data.job.jobId} ${data.job.state}`;
  return `${id} ${type} ${data.status.state}`;
}

/** The words of an outline that name its type and its job. */
const jobOf = (line: string): string => line.split(" ").slice(1, 3).join(" ");

export class History {
  /** Every event that happened, in order. */
  readonly told: string[];
  readonly run: StoredRun;
  readonly #store: RunStore;
  readonly #random: Random;
  readonly #queued: PendingJob[];
  readonly #running: { readonly job: PendingJob; attempts: number }[] = [];
  #last = 1;

  constructor(store: RunStore, run: StoredRun, jobs: readonly PendingJob[], random: Random) {
    this.#store = store;
    this.run = run;
    this.#queued = [...jobs];
    this.#random = random;
    this.told = [`1 run.started ${jobs.length}`];
  }

  /** What a reader that comes late finds: of several starts of a job, the last. */
  get kept(): readonly string[] {
    return this.told.filter(
      (line, at) =>
        !line.includes("job.started") ||
        !this.told.slice(at + 1).some((later) => jobOf(later) === jobOf(line)),
    );
  }

  /** Starts, starts again or ends some job; false once there is none. */
  async step(): Promise<boolean> {
    const { integer, pick } = this.#random;
    if (this.#queued.length + this.#running.length === 0) return false;
    const starts = this.#running.length === 0 || (this.#queued.length > 0 && integer(0, 2) === 0);
    if (starts) {
      const [job] = this.#queued.splice(integer(0, this.#queued.length - 1), 1);
      this.#running.push({ job: job!, attempts: 0 });
      await this.#start(this.#running.at(-1)!);
    } else if (integer(0, 3) === 0) await this.#start(pick(this.#running));
    else await this.#end(integer(0, this.#running.length - 1));
    return true;
  }

  /** Ends the run, and whatever is open of it; each end of those has the next number. */
  async finish(state: EndState): Promise<void> {
    const event = this.#last + 1;
    const open = [...this.#queued, ...this.#running.map(({ job }) => job)];
    for (const { jobId } of open.toSorted((a, b) => a.position - b.position)) {
      this.#tell(`job.finished ${jobId} timed_out`, 1);
    }
    await this.#store.endOpenJobs(this.run, struck, { at: CREATED, event });
    this.#tell(`run.finished ${state}`);
    const moment = { at: CREATED, event: this.#last, durationMs: 0 };
    await this.#store.endRun(this.run, state, moment);
  }

  async #start(running: { readonly job: PendingJob; attempts: number }): Promise<void> {
    const { job } = running;
    this.#tell(`job.started ${job.jobId} ${++running.attempts}`);
    await this.#store.startJobs(this.run, [job], { at: CREATED, event: this.#last });
  }

  async #end(index: number): Promise<void> {
    const { job } = this.#running.splice(index, 1)[0]!;
    const end = this.#random.pick([answered("pass"), unreachable, struck]);
    this.#tell(`job.finished ${job.jobId} ${end.state}`);
    const moment = { at: CREATED, event: this.#last, durationMs: 0 };
    await endJob(this.#store, this.run, job, end, moment);
  }

  /** Numbers grow, but not always by one: what was not kept leaves a gap. */
  #tell(what: string, step = this.#random.integer(1, 3)): void {
    this.#last += step;
    this.told.push(`${this.#last} ${what}`);
  }
}
