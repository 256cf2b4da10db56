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
    const values = new Map<string, number>();
    this.#add(name, help, "counter", () => series(name, values));
    return (labels = {}, amount = 1) => {
      const key = text(labels);
      values.set(key, (values.get(key) ?? 0) + amount);
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
    const all = new Map<string, { labels: Labels; counts: number[]; sum: number; count: number }>();
    this.#add(name, help, "histogram", () =>
      [...all.values()].flatMap(({ count, counts, labels, sum }) => [
        ...bounds.map(
          (bound, index) =>
            `${name}_bucket${text({ ...labels, le: String(bound) })} ${counts[index]}`,
        ),
        `${name}_bucket${text({ ...labels, le: "+Inf" })} ${count}`,
        `${name}_sum${text(labels)} ${sum}`,
        `${name}_count${text(labels)} ${count}`,
      ]),
    );
    return (value, labels = {}) => {
      const key = text(labels);
      const one = all.get(key) ?? { labels, counts: bounds.map(() => 0), sum: 0, count: 0 };
      all.set(key, one);
      for (const [index, bound] of bounds.entries()) {
        if (value <= bound) one.counts[index] = (one.counts[index] ?? 0) + 1;
      }
      one.sum += value;
      one.count++;
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

function series(name: string, values: ReadonlyMap<string, number>): string[] {
  return Array.from(values, ([labels, value]) => `${name}${labels} ${value}`);
}

function text(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
