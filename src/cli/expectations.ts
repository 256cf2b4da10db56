/** What a command line says of expectations, and of the cells of a run. Pure. */
import type { Expect, ExpectedStatus, Policy, RegionExpect } from "../domain/expectation.ts";
import type { RerunCell } from "../orchestrator/rerun.ts";

/** `GLOB=pass`, and `RUNNER:GLOB=fail` for one runner; in written order. */
export function readExpect(words: readonly string[], faults: string[]): Expect | undefined {
  const forAll: RegionExpect = {};
  const byName: Record<string, RegionExpect> = {};
  for (const word of words) {
    const [, name, glob = "", status] = /^(?:(.+):)?([^:=]+)=(pass|fail)$/.exec(word) ?? [];
    if (status === undefined) {
      faults.push(`--expect must be GLOB=pass, GLOB=fail or RUNNER:GLOB=…, not "${word}"`);
      continue;
    }
    const globs = name === undefined ? forAll : (byName[name] ??= {});
    globs[glob] ??= status as ExpectedStatus;
  }
  return words.length === 0 ? undefined : { ...forAll, ...byName };
}

/** A word, or in how many regions at least. */
export function readPolicy(word: string | undefined, faults: string[]): Policy | undefined {
  if (word === undefined || word === "all" || word === "any" || word === "majority") return word;
  if (/^[1-9]\d{0,5}$/.test(word)) return { atLeast: Number(word) };
  faults.push(`--policy must be all, any, majority or a number of regions, not "${word}"`);
  return undefined;
}

/** `NAME REGION URL`, as reports write it; `-` stands for no region. */
export function readCells(words: readonly string[], faults: string[]): RerunCell[] {
  return words.flatMap((word) => {
    const [, name = "", region = "", url = ""] = /^(.+) (\S+) (\S+)$/.exec(word) ?? [];
    if (url !== "") return [{ name, url, ...(region === "-" ? {} : { region }) }];
    faults.push(`--cell must be "RUNNER REGION URL", as reports have it, not "${word}"`);
    return [];
  });
}
