import { afterEach, beforeEach, describe } from "bun:test";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "../support/folder.ts";
import { fileDisk } from "./files.ts";
import { simulate } from "./schedule.ts";
import { PROFILES } from "./settings.ts";

describe("a server that crashes, on a database of real files", () => {
  let folder: ReturnType<typeof temporaryFolder>;

  beforeEach(() => {
    folder = temporaryFolder();
  });

  afterEach(() => folder[Symbol.dispose]());

  simulate("keeps every promise", PROFILES.crashes, 20, () =>
    fileDisk(mkdtempSync(join(folder.path, "disk-"))),
  );
});
