/** Where a server's regions come from: a file, or the variable PLAYWRIGHT_RUNNERS; never both. */
import { dirname } from "node:path";

import {
  checkRegions,
  type GivenRegion,
  parseRegions,
  type Regions,
  writesToken,
} from "../domain/region.ts";
import type { ReadSecret } from "../lib/secret-source.ts";
import { readTextFile } from "../lib/text-file.ts";

const VARIABLE = "PLAYWRIGHT_RUNNERS";
/** Of a regions file: room for thousands of them. */
const MAX_MIB = 1;

/** Regions that a program names, checked or not yet. */
export type GivenRegions = Regions | Readonly<Record<string, string | GivenRegion>>;

export interface RegionSource {
  /** What the file is called by in faults, such as `--regions-file`. */
  readonly flag: string;
  readonly file: string | undefined;
  /** The value of PLAYWRIGHT_RUNNERS, which an empty one leaves unset. */
  readonly variable: string | undefined;
  /** Counts in the place of that variable. */
  readonly given: GivenRegions | undefined;
  readonly readSecret: ReadSecret;
}

export interface ConfiguredRegions {
  readonly regions: Regions;
  readonly faults: readonly string[];
  /** What the operator should know of a source that is good enough to start with. */
  readonly warnings: readonly string[];
}

/** The regions of the source that is given; none without one. No fault shows a token. */
export function configuredRegions(source: RegionSource): ConfiguredRegions {
  const { file, flag, given, readSecret, variable } = source;
  const other = given === undefined ? variable && VARIABLE : "regions";
  if (file !== undefined && other) {
    return refused(`${flag} and ${other} both say which regions there are: give one of them`);
  }
  if (file !== undefined) return ofFile(file, flag, readSecret);
  if (given instanceof Map) return { regions: given, faults: [], warnings: [] };
  const { faults, regions } =
    given === undefined
      ? parseRegions(variable || "{}", readSecret)
      : checkRegions(given, readSecret);
  const name = given === undefined ? VARIABLE : "regions:";
  return { regions, faults: faults.map((fault) => `${name} ${fault}`), warnings: [] };
}

function ofFile(file: string, flag: string, readSecret: ReadSecret): ConfiguredRegions {
  const name = JSON.stringify(file);
  const read = readTextFile(file, MAX_MIB);
  if ("fault" in read) return refused(`${flag} ${name} ${read.fault}`);
  const { faults, regions } = parseRegions(read.text, readSecret, dirname(file));
  const isOpen = read.shared && faults.length === 0 && writesToken(read.text);
  return {
    regions,
    faults: faults.map((fault) => `${flag} ${name} ${fault}`),
    warnings: isOpen ? [`${name} holds tokens and can be read by every user of this machine`] : [],
  };
}

function refused(fault: string): ConfiguredRegions {
  return { regions: new Map(), faults: [fault], warnings: [] };
}
