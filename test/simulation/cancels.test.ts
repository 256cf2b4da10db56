import { describe } from "bun:test";

import { simulate } from "./schedule.ts";
import { PROFILES } from "./settings.ts";

describe("a server whose runs are cancelled, repeated and run again", () =>
  simulate("keeps every promise", PROFILES.cancels, 500));
