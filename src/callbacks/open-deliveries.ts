/** Deliveries as a server has them: real time, real network, measured. */
import type { Clock } from "../lib/clock.ts";
import type { Metrics } from "../lib/metrics.ts";
import { Deliveries, type DeliveriesOptions } from "./deliveries.ts";
import type { CallbackConfig } from "./flags.ts";
import { callbackSender } from "./send.ts";

export interface DeliveryParts extends Pick<
  DeliveriesOptions,
  "store" | "runs" | "basePath" | "log"
> {
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Whether a cell of a run is a new failure, or fixed. */
  readonly changed: (runId: string) => Promise<boolean>;
}

/** Undefined without a secret: then no callback was ever asked for. */
export function openDeliveries(
  config: CallbackConfig | undefined,
  { changed, clock, metrics, ...parts }: DeliveryParts,
): Deliveries | undefined {
  if (!config) return undefined;
  const settled = metrics.counter("volley_callback_attempts_total", "Callbacks tried, by state.");
  return new Deliveries({
    ...parts,
    ...(config.configured?.onChange ? { changed } : {}),
    send: callbackSender(config),
    now: clock.now,
    random: Math.random,
    settled: (state) => settled({ state }),
  });
}
