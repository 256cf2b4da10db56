/** A request that is to be edited in the form. */
import { signal } from "@preact/signals";

import type { RunRequest } from "../../domain/run.ts";

export const draft = signal<RunRequest | undefined>(undefined);
