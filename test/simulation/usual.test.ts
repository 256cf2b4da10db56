import { describe } from "bun:test";

import { simulate } from "./schedule.ts";
import { PROFILES } from "./settings.ts";

describe("a server in use", () => simulate("keeps every promise", PROFILES.usual, 400));
