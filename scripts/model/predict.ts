/** Predictions: how long three replicas take for a run each, and what a large fleet asks for. */
import { Agenda, type Costs, Database, executeRun, type RunShape, Writer } from "./simulate.ts";

/** Until every replica has ended its run, in milliseconds. */
export function predictRuns(
  costs: Costs,
  replicas: number,
  processors: number,
  shape: RunShape,
): number {
  const agenda = new Agenda();
  const database = new Database(agenda, processors);
  let ended = 0;
  for (let index = 0; index < replicas; index++) {
    const writer = new Writer(agenda, database, costs.record);
    executeRun({ costs, database, writer }, shape, () => {
      ended = agenda.now;
    });
  }
  agenda.run();
  return ended;
}

export interface FleetShape {
  readonly replicas: number;
  readonly jobsPerDay: number;
  readonly jobsPerRun: number;
  readonly endpointMs: number;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly processors: number;
  /** Modelled, in milliseconds. */
  readonly durationMs: number;
  /** From [0, 1). */
  readonly random: () => number;
}

export interface FleetFigures {
  /** Per second. */
  readonly claims: number;
  readonly renewals: number;
  readonly statements: number;
  /** Of all processors of the database. */
  readonly utilization: number;
  /** From the death of a replica until another owns its runs, in milliseconds. */
  readonly takeoverMs: { readonly median: number; readonly worst: number };
}

const RENEWALS = 3;
const DEATHS = 200;

/** A fleet at work, with replicas that renew, poll, execute runs and die. */
export function predictFleet(costs: Costs, shape: FleetShape): FleetFigures {
  const { durationMs, endpointMs, jobsPerDay, jobsPerRun, leaseMs, pollMs, random } = shape;
  const agenda = new Agenda();
  const database = new Database(agenda, shape.processors);
  const writers = Array.from(
    { length: shape.replicas },
    () => new Writer(agenda, database, costs.record),
  );
  /** Those of the replicas: each has its own. */
  const processors = new Database(agenda, Infinity);
  let claims = 0;
  let renewals = 0;
  const takeovers: number[] = [];
  /** Leases of the dead that nobody has noticed yet: when they died and when they end. */
  let dead: { readonly died: number; readonly ends: number }[] = [];
  const every = (ms: number, act: () => void): void => {
    const again = (): void => {
      act();
      agenda.after(ms, again);
    };
    agenda.after(random() * ms, again);
  };
  for (let index = 0; index < shape.replicas; index++) {
    every(leaseMs / RENEWALS, () => {
      renewals++;
      database.execute(costs.renew, () => {});
    });
    every(pollMs, () => {
      claims++;
      database.execute(costs.claim, () => {
        const [ended, waiting] = [dead.filter(isOver), dead.filter((one) => !isOver(one))];
        takeovers.push(...ended.map(({ died }) => agenda.now - died));
        dead = waiting;
      });
    });
  }
  const isOver = ({ ends }: { readonly ends: number }): boolean => ends <= agenda.now;
  every(durationMs / DEATHS, () => {
    // It was last renewed some time within a third of its lease ago.
    const ends = agenda.now + leaseMs - (random() * leaseMs) / RENEWALS;
    dead.push({ died: agenda.now, ends });
  });
  const runsPerMs = jobsPerDay / jobsPerRun / 86_400_000;
  every(1 / runsPerMs, () => {
    const writer = writers[Math.floor(random() * writers.length)];
    if (!writer) return;
    const run = { jobs: jobsPerRun, concurrency: jobsPerRun, endpointMs: () => endpointMs };
    executeRun({ costs, database, processors, writer }, run, () => {});
  });
  agenda.run(durationMs);
  const seconds = durationMs / 1_000;
  const sorted = takeovers.toSorted((a, b) => a - b);
  return {
    claims: claims / seconds,
    renewals: renewals / seconds,
    statements: database.statements / seconds,
    utilization: database.worked / durationMs / shape.processors,
    takeoverMs: { median: sorted[sorted.length >> 1] ?? NaN, worst: sorted.at(-1) ?? NaN },
  };
}
