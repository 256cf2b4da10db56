/** Files and folders that nobody but their user may read, whatever the umask says. */
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";

const USER_ONLY = 0o600;

/**
 * Makes an empty file unless there is one, whose mode stays as it is. Throws the system's error.
 *
 * One that is there is not even opened: closing it would end this process's locks on it.
 */
export function touchPrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, "a", USER_ONLY));
}

/** Makes a folder, and those above it, unless there is one. Throws the system's error. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}
