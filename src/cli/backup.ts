/** volley backup: a consistent copy of the run store, also while it is being served. */
import { join } from "node:path";

import { backupConfig } from "../config.ts";
import { dataFlags } from "../settings.ts";
import { backupDatabase } from "../store/sqlite/backup.ts";
import { DATABASE_FILE } from "../store/sqlite/open.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  name: "backup",
  summary: "copy the run store to a file, also while it is being served",
  usage: "backup FILE [--data DIR]",
  about: [
    "Writes a consistent copy of the run store to FILE, which must not exist. To restore it, stop",
    "the server and put the copy in the place of volley.sqlite in an otherwise empty data folder.",
  ].join("\n"),
  flags: dataFlags,
  examples: [
    "volley backup volley-backup.sqlite",
    "volley backup /backup/volley.sqlite --data /var/lib/volley",
  ],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const { data, file } = backupConfig(argv);
  await backupDatabase(join(data, DATABASE_FILE), file);
  process.stdout.write(`${file} (${Bun.file(file).size} bytes)\n`);
  return 0;
}
