/**
 * Region truth: marks what an endpoint answered if it may be the answer of another region: the
 * endpoint says it is elsewhere, or the configuration gives it to several regions.
 */
import type { RegionMismatch } from "../domain/job.ts";
import type { Regions } from "../domain/region.ts";
import { present } from "../lib/present.ts";
import type { Dispatch } from "./dispatch.ts";
import { sharersOf } from "./drift.ts";

export interface RegionTruth {
  readonly regions: Regions;
  /** The region that the endpoint of a region last said it is in, if it did. */
  readonly reportedRegion: (name: string) => string | undefined;
}

/** The same dispatch, with `regionMismatch` on outcomes that hold an answer. */
export function truthful(dispatch: Dispatch, { regions, reportedRegion }: RegionTruth): Dispatch {
  const mismatches = new Map(
    Array.from(regions, ([name, region]) => {
      const sharedWith = sharersOf(region, regions.values());
      return [name, { sharedWith, unreported: mismatch(undefined, sharedWith) }];
    }),
  );
  const mismatchOf = (region: string, answered: string | undefined): RegionMismatch | undefined => {
    const info = reportedRegion(region);
    const reported = answered === undefined || answered === region ? info : answered;
    const known = mismatches.get(region);
    if (reported === undefined || reported === region) return known?.unreported;
    return mismatch(reported, known?.sharedWith ?? []);
  };
  return async (job, signal) => {
    const outcome = await dispatch(job, signal);
    const { region } = job;
    const isAnswer = outcome.results !== undefined && region !== undefined;
    const regionMismatch = isAnswer ? mismatchOf(region, outcome.reportedRegion) : undefined;
    if (outcome.reportedRegion === undefined) {
      return regionMismatch ? { ...outcome, regionMismatch } : outcome;
    }
    const { reportedRegion: _told, ...end } = outcome;
    return regionMismatch ? { ...end, regionMismatch } : end;
  };
}

function mismatch(
  reported: string | undefined,
  sharedWith: readonly string[],
): RegionMismatch | undefined {
  const messages = [
    ...(reported === undefined ? [] : [`The endpoint says it is in region "${reported}".`]),
    ...(sharedWith.length === 0 ? [] : [`The endpoint is also that of ${sharedWith.join(", ")}.`]),
  ];
  if (messages.length === 0) return undefined;
  return {
    message: messages.join(" "),
    ...present({ reported, sharedWith: sharedWith.length === 0 ? undefined : [...sharedWith] }),
  };
}
