/** Regions in short: `all eu-*` where that is exactly what is meant. Pure. */

/** Names a set of regions, all of which are among `known`. */
export function regionsInShort(regions: ReadonlySet<string>, known: ReadonlySet<string>): string {
  const sorted = [...regions].toSorted();
  if (known.size > 1 && regions.size === known.size) return "all regions";
  const families = Map.groupBy(known, prefixOf);
  const parts = new Set(
    sorted.map((region) => {
      const family = families.get(prefixOf(region)) ?? [];
      const whole = family.length > 1 && family.every((member) => regions.has(member));
      return whole ? `all ${prefixOf(region)}*` : region;
    }),
  );
  return [...parts].join(", ");
}

/** `eu-` of `eu-west-1`; a name without a dash is a family of its own. */
function prefixOf(region: string): string {
  const dash = region.indexOf("-");
  return dash < 0 ? region : region.slice(0, dash + 1);
}
