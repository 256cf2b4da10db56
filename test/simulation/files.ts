/** A disk of real files: a crash is a copy of the database and its log, as they are in that moment. */
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";

import { openDatabase } from "../../src/store/sqlite/open.ts";
import type { Disk } from "./world.ts";

export function fileDisk(folder: string): Disk {
  let lives = 0;
  const path = (life: number): string => join(folder, `life${life}.sqlite`);
  return {
    open: () => openDatabase(path(lives)),
    freeze: () => {
      for (const suffix of ["", "-wal"]) {
        const from = `${path(lives)}${suffix}`;
        if (existsSync(from)) copyFileSync(from, `${path(lives + 1)}${suffix}`);
      }
      lives++;
    },
  };
}
