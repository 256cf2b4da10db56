import { describe } from "bun:test";

import { simulate } from "./schedule.ts";
import { PROFILES } from "./settings.ts";

describe("a server whose store is away now and then", () =>
  simulate("keeps every promise", PROFILES.outages, 400));
