/** The certificate of `test/fixtures/tls` for servers of tests, as paths and as PEM text. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "..", "fixtures", "tls");

export const CA_FILE = join(FOLDER, "ca.pem");
export const CERT_FILE = join(FOLDER, "server.pem");
export const KEY_FILE = join(FOLDER, "server.key");
/** A key that belongs to no certificate here. */
export const OTHER_KEY_FILE = join(FOLDER, "other.key");

export const CA = readFileSync(CA_FILE, "utf8");
/** For `Bun.serve` and `node:http2`. */
export const TLS = { cert: readFileSync(CERT_FILE, "utf8"), key: readFileSync(KEY_FILE, "utf8") };
