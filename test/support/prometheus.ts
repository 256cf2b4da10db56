/**
 * The Prometheus text format (0.0.4), read strictly: every metric has one HELP and one TYPE before
 * its samples, its samples stand together, and no series comes twice.
 */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly type: string;
  readonly samples: Sample[];
}

const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]?Inf|[+-]?[0-9.]+(?:e[+-]?\d+)?)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/;
const TYPES = new Set(["counter", "gauge", "histogram"]);

export class Scrape {
  readonly #families = new Map<string, Family>();

  /** Throws for text that a strict reader would refuse, naming the line. */
  constructor(text: string) {
    if (!text.endsWith("\n")) throw new Error("The last line has no end.");
    const series = new Set<string>();
    let help: string | undefined;
    let current: (Family & { readonly name: string }) | undefined;
    for (const line of text.slice(0, -1).split("\n")) {
      const [, kind, name = "", rest = ""] = HEAD.exec(line) ?? [];
      if (kind === "HELP") {
        help = name;
      } else if (kind === "TYPE") {
        if (help !== name || this.#families.has(name) || !TYPES.has(rest)) throw fault(line);
        current = { name, type: rest, samples: [] };
        this.#families.set(name, current);
      } else {
        const sample = readSample(line);
        const key = JSON.stringify([sample.name, Object.entries(sample.labels).toSorted()]);
        if (!current || !belongs(sample, current) || series.has(key)) throw fault(line);
        series.add(key);
        current.samples.push(sample);
      }
    }
    for (const family of this.#families.values()) checkHistogram(family);
  }

  get names(): string[] {
    return [...this.#families.keys()];
  }

  /** The samples of that name whose labels include the given ones. */
  samples(name: string, labels: Readonly<Record<string, string>> = {}): Sample[] {
    const all = [...this.#families.values()].flatMap((family) => family.samples);
    return all.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** Their sum; 0 if there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.samples(name, labels).reduce((sum, { value }) => sum + value, 0);
  }
}

function readSample(line: string): Sample {
  const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
  if (name === "") throw fault(line);
  const number = Number(value.replace("Inf", "Infinity"));
  return { name, labels: readLabels(labels, line), value: number };
}

function readLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== "";) {
    const [whole = "", name = "", value = ""] = LABEL.exec(rest) ?? [];
    if (name === "" || Object.hasOwn(labels, name)) throw fault(line);
    labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
    rest = rest.slice(whole.length);
  }
  return labels;
}

function belongs({ name }: Sample, { name: family, type }: Family & { name: string }): boolean {
  if (type !== "histogram") return name === family;
  return [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(name);
}

/** Buckets grow, and the last of each series holds all that was counted. */
function checkHistogram({ samples, type }: Family): void {
  if (type !== "histogram") return;
  const last = new Map<string, { le: number; value: number }>();
  for (const { labels, name, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(rest);
    const before = last.get(key);
    if (name.endsWith("_bucket")) {
      const bound = le === "+Inf" ? Infinity : Number(le);
      if (before && (bound <= before.le || value < before.value)) throw fault(`${name} ${le}`);
      last.set(key, { le: bound, value });
    } else if (name.endsWith("_count") && (before?.le !== Infinity || before.value !== value)) {
      throw fault(`${name} ${key}`);
    }
  }
}

function fault(line: string): Error {
  return new Error(`Not the Prometheus text format: ${line.slice(0, 200)}`);
}
