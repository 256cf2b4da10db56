/** A process that locks a data folder, says how that went, and stays. */
import { lockDataFolder } from "../../../src/store/sqlite/lock.ts";

const [, , folder = "", path = ""] = process.argv;
try {
  // A lock that nobody refers to is collected, and let go.
  const held = lockDataFolder(folder, path);
  console.log("held");
  setInterval(() => held, 60_000);
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
}
