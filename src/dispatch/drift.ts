/**
 * Drift: where regions differ that should be alike. Pure; only what endpoints told of themselves
 * is compared, so an endpoint that is silent or away is never out of line.
 */
import type { Drift } from "../domain/fleet.ts";
import type { Region } from "../domain/region.ts";
import type { EndpointInfo } from "./endpoint-info.ts";

/** A region with what its endpoint said last; nothing if it was not asked yet. */
export interface KnownRegion {
  readonly region: Region;
  readonly info?: EndpointInfo;
}

type Told = Extract<EndpointInfo, { healthy: true }>;

/** The drift of each region, by name. */
export function fleetDrift(fleet: readonly KnownRegion[]): ReadonlyMap<string, Drift[]> {
  const told = fleet.flatMap(({ info }) => (info?.healthy ? [info] : []));
  const offered = new Set(told.flatMap(({ runners = [] }) => runners));
  const versions = usual(told.flatMap(({ version }) => version ?? []));
  const schemas = usualSchemas(told);
  return new Map(
    fleet.map(({ info, region }) => [
      region.name,
      [
        ...sharedEndpoint(region, fleet),
        ...(info?.healthy
          ? [
              ...otherRegion(region, info),
              ...missingRunners(info, offered),
              ...otherSchemas(info, schemas),
              ...otherVersion(info, versions),
            ]
          : []),
      ],
    ]),
  );
}

/** The names of the other regions that have the same endpoint. */
export function sharersOf({ name, url }: Region, regions: Iterable<Region>): string[] {
  return Array.from(regions).flatMap((other) =>
    other.url === url && other.name !== name ? [other.name] : [],
  );
}

function sharedEndpoint(region: Region, fleet: readonly KnownRegion[]): Drift[] {
  const regions = sharersOf(
    region,
    fleet.map((known) => known.region),
  );
  if (regions.length === 0) return [];
  const message = `Has the same endpoint as ${listed(regions)}.`;
  return [{ code: "shared_endpoint", message, regions }];
}

function otherRegion({ name }: Region, { region }: Told): Drift[] {
  if (region === undefined || region === name) return [];
  return [{ code: "region_mismatch", message: `The endpoint says it is in region "${region}".` }];
}

function missingRunners(info: Told, offered: ReadonlySet<string>): Drift[] {
  if (!info.runners) return [];
  const runners = [...offered.difference(new Set(info.runners))];
  if (runners.length === 0) return [];
  const count = runners.length === 1 ? "1 runner" : `${runners.length} runners`;
  const message = `Lacks ${count} that other regions offer: ${listed(runners)}.`;
  return [{ code: "missing_runners", message, runners }];
}

function otherSchemas(info: Told, schemas: ReadonlyMap<string, Usual>): Drift[] {
  const runners = [...info.schemas.keys()].filter((name) =>
    isUnusual(schemas.get(name), info.schemas.get(name)),
  );
  if (runners.length === 0) return [];
  const message = `Takes other input than other regions for ${listed(runners)}.`;
  return [{ code: "input_schemas", message, runners }];
}

function otherVersion({ version }: Told, versions: Usual): Drift[] {
  if (version === undefined || !isUnusual(versions, version)) return [];
  const others = listed([...versions.values].filter((other) => other !== version));
  return [{ code: "version", message: `Is version ${version}; other regions are ${others}.` }];
}

/** What regions say of one thing: every answer, and the one that most of them give, if any. */
interface Usual {
  readonly values: ReadonlySet<string>;
  readonly value?: string;
}

function usual(answers: readonly string[]): Usual {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const [value, count = 0] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  const values = new Set(answers);
  return value !== undefined && 2 * count > answers.length ? { values, value } : { values };
}

/** Without a majority nobody knows who is right, so all are unusual. */
function isUnusual(known: Usual | undefined, answer: string | undefined): boolean {
  return known !== undefined && known.values.size > 1 && known.value !== answer;
}

function usualSchemas(told: readonly Told[]): ReadonlyMap<string, Usual> {
  const answers = new Map<string, string[]>();
  for (const [name, digest] of told.flatMap(({ schemas }) => [...schemas])) {
    const known = answers.get(name);
    if (known) known.push(digest);
    else answers.set(name, [digest]);
  }
  return new Map(Array.from(answers, ([name, digests]) => [name, usual(digests)]));
}

const MAX_LISTED = 10;

function listed(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return names.slice(0, MAX_LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
