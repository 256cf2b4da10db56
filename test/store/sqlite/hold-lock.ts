/** A process that locks a data folder, says how that went, and stays. */
import { lockDataFolder } from "../../../src/store/sqlite/lock.ts";

const [, , folder = "", path = ""] = process.argv;
try {
  lockDataFolder(folder, path);
  console.log("held");
  setInterval(() => {}, 60_000);
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
}
