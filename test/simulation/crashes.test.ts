import { describe } from "bun:test";

import { simulate } from "./schedule.ts";
import { PROFILES } from "./settings.ts";

describe("a server that crashes", () => simulate("keeps every promise", PROFILES.crashes, 500));
