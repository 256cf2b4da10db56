/**
 * A file that holds a key of this process's own making: readable by its user only, and on disk
 * before anything is sealed with it.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * The key in the file, made when it is first asked for. Throws now if a file is there that holds
 * none, later if it cannot be made.
 */
export function keyFile(path: string, bytes: number): () => Uint8Array {
  let key = existsSync(path) ? readKey(path, bytes) : undefined;
  return () => (key ??= makeKey(path, bytes));
}

function readKey(path: string, bytes: number): Uint8Array {
  const text = readFileSync(path, "utf8").trim();
  const key = Buffer.from(text, "base64");
  if (key.length !== bytes || key.toString("base64") !== text) {
    throw new Error(`${path} does not hold a key: ${bytes} bytes in base64`);
  }
  return key;
}

function makeKey(path: string, bytes: number): Uint8Array {
  const key = crypto.getRandomValues(Buffer.alloc(bytes));
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, `${key.toString("base64")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncFolder(dirname(path));
  return key;
}

/** Else a power cut could leave what was sealed, and not the name of its key. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
