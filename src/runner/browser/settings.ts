/** What the operator decides about the browser of the runner hosts. */
import { StartError } from "../../domain/errors.ts";
import { isProgram } from "./find-chrome.ts";

export interface BrowserSettings {
  /** Path of the browser; found on this machine if there is none. */
  readonly chrome?: string;
  /** Further arguments for it. */
  readonly args: readonly string[];
  /** Whether a runner that did not pass gets a picture of its page. */
  readonly screenshots: boolean;
}

export const DEFAULT_BROWSER: BrowserSettings = { args: [], screenshots: true };

/** Throws StartError if a browser is named that is not there: it would fail in every job. */
export function checkedBrowser(settings: BrowserSettings): BrowserSettings {
  const { chrome } = settings;
  if (chrome === undefined || isProgram(chrome)) return settings;
  throw new StartError([`--chrome "${chrome}" is not a program that can be executed.`]);
}
