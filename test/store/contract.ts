/**
 * The contract every store keeps, as tests: run them for each store there is.
 *
 * `open` gives a store without runs; it is closed after each test.
 */
import type { RunStore } from "../../src/store/store.ts";
import { jobContract } from "./contract-jobs.ts";
import { readContract } from "./contract-reads.ts";
import { submitContract } from "./contract-submit.ts";

export type OpenStore = () => Promise<RunStore>;

export function storeContract(name: string, open: OpenStore): void {
  submitContract(name, open);
  jobContract(name, open);
  readContract(name, open);
}
