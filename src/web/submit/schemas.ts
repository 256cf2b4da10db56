/** The input schemas of runners, of the first region that tells. */
import { useEffect, useState } from "preact/hooks";

import type { InputSchemas, RegionReport } from "../../domain/fleet.ts";
import { path } from "../parts/router.tsx";
import { API, json } from "../server.ts";

/** A JSON Schema; a stranger's, so anything may stand in it. */
export type Schema = Readonly<Record<string, unknown>>;

/** Regions that are asked: they should be alike, and differ where `drift` says so. */
const MOST_REGIONS = 3;

export function useSchemas(regions: readonly RegionReport[]): ReadonlyMap<string, Schema> {
  const [schemas, setSchemas] = useState<ReadonlyMap<string, Schema>>(new Map());
  const names = regions
    .filter(({ health }) => health === "healthy")
    .slice(0, MOST_REGIONS)
    .map(({ name }) => name);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const asked = names.map(async (name) => {
      const asked = path(`${API}/regions/schemas`, { region: name });
      const { inputSchemas } = await json<InputSchemas>("GET", asked, undefined, signal);
      return Object.entries(inputSchemas);
    });
    // Without schemas the form asks for JSON.
    void Promise.allSettled(asked).then((answers) => {
      if (signal.aborted) return;
      const told = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
      setSchemas(new Map(told.toReversed()));
    });
    return () => controller.abort();
  }, [names.join(" ")]);
  return schemas;
}
