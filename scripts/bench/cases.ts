/** Every case by its name, in the order of the table. */
import type { Case } from "./case.ts";
import { dashboard } from "./cases/dashboard.ts";
import { dispatchPlain, dispatchTls, mixedLatency, slowEndpoint } from "./cases/dispatch.ts";
import { durability } from "./cases/durability.ts";
import { busy, large } from "./cases/large.ts";
import { live } from "./cases/live.ts";
import { postgres } from "./cases/postgres.ts";
import { list, status } from "./cases/reads.ts";
import { recovery } from "./cases/recovery.ts";
import { size, start } from "./cases/start.ts";
import { submits } from "./cases/submit.ts";

export const CASES: Readonly<Record<string, Case>> = {
  dispatch: dispatchPlain,
  tls: dispatchTls,
  slow: slowEndpoint,
  mixed: mixedLatency,
  durability,
  postgres,
  large,
  busy,
  submit: submits,
  status,
  list,
  live,
  dashboard,
  recovery,
  start,
  size,
};
