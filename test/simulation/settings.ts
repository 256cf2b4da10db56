/** What a schedule is made of: how a server is configured, and how often what happens to it. */
import type { OrchestratorOptions } from "../../src/orchestrator/orchestrator.ts";
import type { Random } from "../support/random.ts";

export type Settings = Pick<
  OrchestratorOptions,
  "maxInFlight" | "maxInFlightPerRegion" | "maxBacklog" | "onInterrupted" | "jobTimeoutMs"
>;

/** The same for all lives of one schedule. */
export function randomSettings({ integer, pick }: Random): Settings {
  return {
    maxInFlight: pick([1, 2, 3, 8, 1_000]),
    maxBacklog: pick([5, 12, 1_000, 1_000]),
    onInterrupted: pick(["dispatch", "dispatch", "fail"] as const),
    ...(integer(0, 2) ? {} : { maxInFlightPerRegion: integer(1, 3) }),
    ...(integer(0, 3) ? {} : { jobTimeoutMs: 700 }),
  };
}

export const ACTIONS = [
  "submit",
  "repeat",
  "answer",
  "advance",
  "cancel",
  "rerun",
  "crash",
  "crash later",
  "drain",
  "outage",
  "follow",
] as const;
export type Action = (typeof ACTIONS)[number];

/** How often each action is drawn, relative to the others. */
export type Profile = Readonly<Record<Action, number>>;

const USUAL: Profile = {
  submit: 5,
  repeat: 1,
  answer: 16,
  advance: 8,
  cancel: 1,
  rerun: 1,
  crash: 0.5,
  "crash later": 0.5,
  drain: 0.3,
  outage: 0.5,
  follow: 5,
};

export const PROFILES = {
  usual: USUAL,
  crashes: { ...USUAL, crash: 2, "crash later": 3, drain: 0.6 },
  outages: { ...USUAL, outage: 6, advance: 12 },
  cancels: { ...USUAL, cancel: 6, rerun: 3, repeat: 4 },
  limits: { ...USUAL, submit: 9, advance: 16, answer: 10 },
} as const satisfies Record<string, Profile>;

export function randomAction(profile: Profile, { fraction }: Random): Action {
  const total = ACTIONS.reduce((sum, action) => sum + profile[action], 0);
  let drawn = fraction() * total;
  return ACTIONS.find((action) => (drawn -= profile[action]) < 0) ?? "advance";
}
