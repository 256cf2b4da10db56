/**
 * Metrics in the Prometheus text format (0.0.4): counters, gauges read when asked for, histograms.
 *
 * Label values are escaped, so whatever an endpoint is called, a line stays one line.
 */
export type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly lines: () => string[];
}

export class Metrics {
  readonly #metrics: Metric[] = [];

  /** Returns a function that counts one, or `amount`, more. */
  counter(name: string, help: string): (labels?: Labels, amount?: number) => void {
    const all = new Series(() => ({ value: 0 }));
    this.#add(name, help, "counter", () =>
      Array.from(all, ({ labels, record }) => `${name}${text(labels)} ${record.value}`),
    );
    return (labels = {}, amount = 1) => {
      all.of(labels).value += amount;
    };
  }

  /** `read`: the values now. */
  gauge(name: string, help: string, read: () => Iterable<readonly [Labels, number]>): void {
    this.#add(name, help, "gauge", () =>
      Array.from(read(), ([labels, value]) => `${name}${text(labels)} ${value}`),
    );
  }

  /** `bounds`: upper bounds of the buckets, ascending. Returns a function that records a value. */
  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
  ): (value: number, labels?: Labels) => void {
    const all = new Series(() => ({ counts: bounds.map(() => 0), sum: 0, count: 0 }));
    this.#add(name, help, "histogram", () =>
      Array.from(all).flatMap(({ labels, record: { count, counts, sum } }) => {
        let below = 0;
        return [
          ...bounds.map((bound, index) => {
            below += counts[index] ?? 0;
            return `${name}_bucket${text({ ...labels, le: String(bound) })} ${below}`;
          }),
          `${name}_bucket${text({ ...labels, le: "+Inf" })} ${count}`,
          `${name}_sum${text(labels)} ${sum}`,
          `${name}_count${text(labels)} ${count}`,
        ];
      }),
    );
    return (value, labels = {}) => {
      const record = all.of(labels);
      const bucket = bounds.findIndex((bound) => value <= bound);
      if (bucket >= 0) record.counts[bucket] = (record.counts[bucket] ?? 0) + 1;
      record.sum += value;
      record.count++;
    };
  }

  /** Everything, as a scrape reads it. */
  render(): string {
    return `${this.#metrics.flatMap(({ lines }) => lines()).join("\n")}\n`;
  }

  #add(name: string, help: string, type: string, values: () => string[]): void {
    const head = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
    this.#metrics.push({ lines: () => [...head, ...values()] });
  }
}

/** One record per combination of label values, of labels that always have the same names. */
class Series<Value> implements Iterable<{ readonly labels: Labels; readonly record: Value }> {
  readonly #create: () => Value;
  readonly #records = new Map<string, { readonly labels: Labels; readonly record: Value }>();

  constructor(create: () => Value) {
    this.#create = create;
  }

  of(labels: Labels): Value {
    let key: string | undefined;
    // Of one label, as most have, its value is the key as it is.
    for (const name in labels) key = key === undefined ? labels[name] : `${key}\0${labels[name]}`;
    key ??= "";
    const known = this.#records.get(key);
    if (known) return known.record;
    const record = this.#create();
    this.#records.set(key, { labels, record });
    return record;
  }

  [Symbol.iterator]() {
    return this.#records.values();
  }
}

function text(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
