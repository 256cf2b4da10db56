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
  const sharers = new Map(
    Array.from(regions, ([name, region]) => [name, sharersOf(region, regions.values())]),
  );
  return async (job, signal) => {
    const { reportedRegion: answered, ...outcome } = await dispatch(job, signal);
    const { region } = job;
    if (region === undefined || !outcome.results) return outcome;
    const reported = [answered, reportedRegion(region)].find(
      (said) => said !== undefined && said !== region,
    );
    const regionMismatch = mismatch(reported, sharers.get(region) ?? []);
    return { ...outcome, ...present({ regionMismatch }) };
  };
}

function mismatch(reported: string | undefined, sharedWith: string[]): RegionMismatch | undefined {
  const messages = [
    ...(reported === undefined ? [] : [`The endpoint says it is in region "${reported}".`]),
    ...(sharedWith.length === 0 ? [] : [`The endpoint is also that of ${sharedWith.join(", ")}.`]),
  ];
  if (messages.length === 0) return undefined;
  return {
    message: messages.join(" "),
    ...present({ reported, sharedWith: sharedWith.length === 0 ? undefined : sharedWith }),
  };
}
