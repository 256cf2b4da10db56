/** Commands that ask a server one thing: flags in, an answer or a sentence out. */
import { commandLine } from "../config.ts";
import { StartError } from "../domain/errors.ts";
import type { FlagTable, FlagValues } from "../lib/flags.ts";
import type { serverFlags } from "./client-settings.ts";
import { complain } from "./conduct.ts";
import { type Connection, connectionFrom, explained } from "./connection.ts";

export interface Asked<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  readonly positionals: readonly string[];
  readonly connection: Connection;
}

/** Throws StartError naming every fault; `check`: the faults of the command's own. */
export function asked<Table extends FlagTable & typeof serverFlags>(
  table: Table,
  argv: readonly string[],
  check: (line: Omit<Asked<Table>, "connection">) => readonly string[],
): Asked<Table> {
  const { faults, positionals, values } = commandLine(table, argv);
  const connected = connectionFrom(values as FlagValues<typeof serverFlags>, complain);
  const all = [...faults, ...check({ values, positionals })];
  if ("faults" in connected) throw new StartError([...all, ...connected.faults]);
  if (all.length > 0) throw new StartError(all);
  return { values, positionals, connection: connected.connection };
}

/** Resolves with the exit code of `ask`, or with the one of what the server said instead. */
export async function answered(
  connection: Connection,
  ask: () => Promise<number>,
): Promise<number> {
  try {
    return await ask();
  } catch (error) {
    const { code, sentences } = explained(error, connection);
    for (const sentence of sentences) complain(sentence);
    return code;
  }
}
