import { describe } from "bun:test";

import { simulate } from "./schedule.ts";
import { PROFILES } from "./settings.ts";

describe("a server whose limits strike", () =>
  simulate("keeps every promise", PROFILES.limits, 500));
