/**
 * A discrete-event model of replicas on one database. It knows what volley does with statements
 * (groups of records, one at a time per replica; renewals; polls) and is told how long they take.
 */

/** What a statement costs, in milliseconds. */
export interface Cost {
  /** Of a processor of the database. */
  readonly work: number;
  /** Waiting for the disk, which many do at the same time. */
  readonly wait: number;
}

export interface Costs {
  /** Starts and ends of so many jobs in one statement. */
  readonly record: (rows: number) => Cost;
  readonly submit: Cost;
  readonly endRun: Cost;
  readonly renew: Cost;
  /** A look for runs that nobody owns, and for replicas that are dead. */
  readonly claim: Cost;
}

type Action = () => void;

/** Events in the order of their times. */
export class Agenda {
  now = 0;
  readonly #heap: { readonly at: number; readonly order: number; readonly act: Action }[] = [];
  #order = 0;

  after(ms: number, act: Action): void {
    const heap = this.#heap;
    heap.push({ at: this.now + ms, order: this.#order++, act });
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Lets everything happen up to a time, or until nothing is left to happen. */
  run(until = Infinity): void {
    for (let next = this.#heap[0]; next && next.at <= until; next = this.#heap[0]) {
      this.#removeFirst();
      this.now = next.at;
      next.act();
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < heap.length && this.#isBefore(left, first)) first = left;
      if (right < heap.length && this.#isBefore(right, first)) first = right;
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}

/** A database with so many processors; statements wait for one in the order they come. */
export class Database {
  statements = 0;
  /** Processor time used, in milliseconds. */
  worked = 0;
  readonly #agenda: Agenda;
  readonly #waiting: { readonly cost: Cost; readonly done: Action }[] = [];
  #free: number;

  constructor(agenda: Agenda, processors: number) {
    this.#agenda = agenda;
    this.#free = processors;
  }

  execute(cost: Cost, done: Action): void {
    this.statements++;
    this.worked += cost.work;
    if (this.#free === 0) return void this.#waiting.push({ cost, done });
    this.#free--;
    this.#begin(cost, done);
  }

  #begin({ wait, work }: Cost, done: Action): void {
    this.#agenda.after(work, () => {
      this.#agenda.after(wait, done);
      const next = this.#waiting.shift();
      if (next) this.#begin(next.cost, next.done);
      else this.#free++;
    });
  }
}

/** As volley groups its records: one statement at a time, with all that came meanwhile. */
export class Writer {
  static readonly MAX_ROWS = 500;
  readonly #agenda: Agenda;
  readonly #database: Database;
  readonly #cost: Costs["record"];
  #queue: Action[] = [];
  #busy = false;

  constructor(agenda: Agenda, database: Database, cost: Costs["record"]) {
    this.#agenda = agenda;
    this.#database = database;
    this.#cost = cost;
  }

  record(done: Action): void {
    this.#queue.push(done);
    if (this.#busy) return;
    this.#busy = true;
    this.#writeSoon();
  }

  /** What else comes in this moment belongs to the same group. */
  #writeSoon(): void {
    this.#agenda.after(0, () => this.#write());
  }

  /** The next group is sent before anybody works on the answers to this one. */
  #write(): void {
    const group = this.#queue.splice(0, Writer.MAX_ROWS);
    this.#database.execute(this.#cost(group.length), () => {
      const waiting = this.#queue.length > 0;
      if (waiting) this.#write();
      for (const done of group) done();
      if (waiting) return;
      if (this.#queue.length > 0) this.#writeSoon();
      else this.#busy = false;
    });
  }
}

/** Executes a run of `jobs` jobs: start recorded, dispatched, end recorded; then its end. */
export function executeRun(
  { costs, database, processors = database, writer }: Replica,
  { concurrency, endpointMs, jobs, workMs = 0 }: RunShape,
  ended: Action,
): void {
  let started = 0;
  let open = jobs;
  const startNext = (): void => {
    if (started === jobs) return;
    started++;
    writer.record(() =>
      processors.execute({ work: workMs, wait: endpointMs() }, () =>
        writer.record(() => {
          if (--open === 0) database.execute(costs.endRun, ended);
          else startNext();
        }),
      ),
    );
  };
  database.execute(costs.submit, () => {
    for (let slot = 0; slot < concurrency; slot++) startNext();
  });
}

export interface Replica {
  readonly database: Database;
  readonly costs: Costs;
  readonly writer: Writer;
  /** Where the replica itself computes, if that is somewhere else than the database. */
  readonly processors?: Database;
}

export interface RunShape {
  readonly jobs: number;
  readonly concurrency: number;
  /** How long the endpoint takes for the next job, in milliseconds. */
  readonly endpointMs: () => number;
  /** Processor time of the replica and of the endpoint for a job, in milliseconds. */
  readonly workMs?: number;
}
