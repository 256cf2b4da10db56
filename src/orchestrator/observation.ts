/** What the core tells whoever measures it: facts as they happen, without opinion or format. */
import type { EndState } from "../domain/job.ts";

export type Observation =
  | { readonly type: "run.accepted" }
  | { readonly type: "run.ended"; readonly state: EndState }
  /** It was unfinished and nobody's. */
  | { readonly type: "run.claimed" }
  /** It may be another replica's. */
  | { readonly type: "run.lost" }
  | { readonly type: "job.started"; readonly region: string }
  /** `ms`: from dispatch to outcome. */
  | { readonly type: "job.answered"; readonly region: string; readonly ms: number }
  | { readonly type: "job.retried"; readonly region: string }
  /** `jobs` of one region ended at once. */
  | {
      readonly type: "job.ended";
      readonly region: string;
      readonly state: EndState;
      readonly jobs: number;
    };

export type Observe = (observation: Observation) => void;
