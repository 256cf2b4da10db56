/**
 * Fleet: what each region's endpoint last said of itself, asked only when somebody wants to know.
 *
 * An answer counts for 30 s; after that the endpoint is asked anew, and what it said before is told
 * only where it does not answer in time, or where nobody can wait. An endpoint is never asked twice
 * at the same time.
 */
import type { Drift, RegionList, RegionReport } from "../domain/fleet.ts";
import type { Region, Regions } from "../domain/region.ts";
import type { Clock } from "../lib/clock.ts";
import { present } from "../lib/present.ts";
import { Semaphore } from "../lib/semaphore.ts";
import { nextTurn } from "../lib/turn.ts";
import { fleetDrift } from "./drift.ts";
import { askEndpoint, type EndpointInfo, INFO_LIMIT_MS } from "./endpoint-info.ts";
import type { InputSchema } from "./read-info.ts";

const FRESH_MS = 30_000;
/** How long an answer says what a region offers, where nobody can wait for a newer one. */
const TRUSTED_MS = 300_000;
const MAX_HISTORY = 20;

/** How long whoever wants to know waits for endpoints past the time these have, in milliseconds. */
const GRACE_MS = 1_000;

export interface FleetOptions {
  readonly regions: Regions;
  readonly clock: Clock;
  /** Most endpoints asked at the same time. */
  readonly atOnce: number;
  /** Never over HTTP/2. */
  readonly http1?: boolean;
  /** Never rejects. */
  readonly ask?: (region: Region, monotonic: () => number) => Promise<EndpointInfo>;
}

interface Known {
  readonly info: EndpointInfo;
  /** What is offered, if the endpoint told. */
  readonly runners?: ReadonlySet<string>;
  /** When it was answered: milliseconds since the epoch, and on the monotonic clock. */
  readonly at: number;
  readonly monotonic: number;
}

interface Entry {
  readonly region: Region;
  readonly history: RegionReport["history"];
  known?: Known;
  /** Settles once the question that is under way is answered. */
  asking?: Promise<void>;
}

export class Fleet {
  readonly #clock: Clock;
  readonly #endpoint: NonNullable<FleetOptions["ask"]>;
  readonly #permits: Semaphore;
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor({ ask, atOnce, clock, http1 = false, regions }: FleetOptions) {
    this.#endpoint = ask ?? ((region, monotonic) => askEndpoint(region, monotonic, http1));
    this.#clock = clock;
    this.#permits = new Semaphore(atOnce);
    this.#entries = new Map(
      Array.from(regions, ([name, region]) => [name, { region, history: [] }]),
    );
  }

  /**
   * What is known of every region, in the order they are configured. Waits, for little more than
   * the time an endpoint has to answer, for those that said nothing lately.
   */
  async report(): Promise<RegionList> {
    this.refresh();
    const entries = [...this.#entries.values()];
    await this.#patiently(entries.filter((entry) => !this.#isFresh(entry)));
    const drift = fleetDrift(
      entries.map(({ known, region }) => ({ region, ...present({ info: known?.info }) })),
    );
    return {
      regions: entries.map((entry) => report(entry, drift.get(entry.region.name) ?? [])),
    };
  }

  /** Has every endpoint asked in the background that said nothing lately. */
  refresh(): void {
    for (const entry of this.#entries.values()) this.#refresh(entry);
  }

  /**
   * The runners that these regions offer, told at once from what was answered in the last minutes.
   * A region whose endpoint did not tell is left out.
   */
  offered(regions: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<string>> {
    const entries = this.#named(regions);
    for (const entry of entries) this.#refresh(entry);
    return offers(entries, this.#clock.monotonic() - TRUSTED_MS);
  }

  /** The same from answers of now: every endpoint is asked, and given its time to answer. */
  async offeredNow(
    regions: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const since = this.#clock.monotonic();
    const entries = this.#named(regions);
    for (const entry of entries) this.#ask(entry);
    await this.#patiently(entries);
    return offers(entries, since);
  }

  /**
   * The input schemas of a region's runners by their names, as its endpoint last told them;
   * undefined if there is no such region.
   */
  inputSchemas(name: string): Readonly<Record<string, InputSchema>> | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    this.#refresh(entry);
    return entry.known?.info.healthy ? entry.known.info.inputSchemas : {};
  }

  /** The region that the endpoint of a region last said it is in, if it did. */
  reportedRegion(name: string): string | undefined {
    const info = this.#entries.get(name)?.known?.info;
    return info?.healthy ? info.region : undefined;
  }

  #named(regions: ReadonlySet<string>): Entry[] {
    return Array.from(regions).flatMap((name) => this.#entries.get(name) ?? []);
  }

  /** Asks the endpoint unless it said something lately. */
  #refresh(entry: Entry): void {
    if (!this.#isFresh(entry)) this.#ask(entry);
  }

  #isFresh({ known }: Entry): boolean {
    return known !== undefined && this.#clock.monotonic() - known.monotonic < FRESH_MS;
  }

  /** Asks the endpoint unless it is being asked. */
  #ask(entry: Entry): void {
    entry.asking ??= this.#question(entry).finally(() => delete entry.asking);
  }

  async #question(entry: Entry): Promise<void> {
    using _permit = await this.#permits.acquire();
    const info = await this.#endpoint(entry.region, () => this.#clock.monotonic());
    const at = this.#clock.now();
    const runners = info.healthy && info.runners ? new Set(info.runners) : undefined;
    entry.known = { info, at, monotonic: this.#clock.monotonic(), ...present({ runners }) };
    entry.history.push({ at: isoTime(at), ...present({ latencyMs: latency(info) }) });
    if (entry.history.length > MAX_HISTORY) entry.history.shift();
  }

  /** Resolves once these endpoints have answered, or when patience ends. */
  async #patiently(entries: readonly Entry[]): Promise<void> {
    const answers = entries.flatMap(({ asking }) => asking ?? []);
    if (answers.length === 0) return;
    await Promise.race([Promise.all(answers), this.#patience()]);
  }

  /**
   * Begins once those have been asked that need not wait for it, and counts one limit after the
   * other: on a machine that stood still both would have passed, and nobody had the time to tell
   * that an endpoint's own has.
   */
  async #patience(): Promise<void> {
    await nextTurn();
    const { promise, resolve } = Promise.withResolvers<void>();
    const after = (ms: number, then: () => void): void =>
      this.#clock.deadline(ms).addEventListener("abort", then, { once: true });
    after(INFO_LIMIT_MS, () => after(GRACE_MS, resolve));
    return promise;
  }
}

/** What these regions offer, from answers not older than `since` on the monotonic clock. */
function offers(
  entries: readonly Entry[],
  since: number,
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    entries.flatMap(({ known, region }) =>
      known?.runners && known.monotonic >= since ? [[region.name, known.runners]] : [],
    ),
  );
}

function report({ history, known, region }: Entry, drift: Drift[]): RegionReport {
  const { name } = region;
  const told = { drift, history: [...history] };
  if (!known) return { name, health: "unknown", ...told };
  const { at, info } = known;
  const checkedAt = isoTime(at);
  if (!info.healthy) return { name, health: "unhealthy", checkedAt, error: info.error, ...told };
  const { latencyMs, region: reportedRegion, runners, version } = info;
  return {
    name,
    health: "healthy",
    checkedAt,
    latencyMs,
    ...present({ runners: runners && [...runners], version, reportedRegion }),
    ...told,
  };
}

function latency(info: EndpointInfo): number | undefined {
  return info.healthy ? info.latencyMs : undefined;
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
