/**
 * The software bill of materials of a binary: CycloneDX 1.6 (JSON) of bun.lock, as far as it goes
 * into the binary, with licences as the installed packages name them.
 *
 * It names no time and no machine: the same lockfile gives the same bytes.
 */
import { join } from "node:path";

import packageJson from "../package.json" with { type: "json" };

const ROOT = join(import.meta.dir, "..");

/** A package of bun.lock: `[name@version, registry, needs, integrity]`. */
type Locked = readonly [
  string,
  string,
  {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
    readonly peerDependencies?: Readonly<Record<string, string>>;
  },
  string,
];

interface Lockfile {
  /** By its place in node_modules, without the folders of that name. */
  readonly packages: Readonly<Record<string, Locked>>;
}

interface Component {
  readonly place: string;
  readonly ref: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  /** Places of what it needs. */
  readonly needs: readonly string[];
}

/** The document as text. Throws for a package that is locked and not installed. */
export async function sbom(): Promise<string> {
  const lockfile = Bun.JSONC.parse(await Bun.file(join(ROOT, "bun.lock")).text()) as Lockfile;
  const direct = Object.keys(packageJson.dependencies);
  const components = reachable(lockfile, direct);
  const self = `pkg:npm/${packageJson.name}@${packageJson.version}`;
  const refOf = new Map(components.map(({ place, ref }) => [place, ref]));
  const refs = (places: readonly string[]): string[] =>
    [...new Set(places.flatMap((place) => refOf.get(place) ?? []))].toSorted();
  const bun = runtime();
  const document = {
    metadata: {
      component: {
        type: "application",
        "bom-ref": self,
        name: packageJson.name,
        version: packageJson.version,
        description: packageJson.description,
        licenses: licences(packageJson.license),
        purl: self,
      },
    },
    components: [bun, ...(await Promise.all(components.map(described)))],
    dependencies: [
      { ref: self, dependsOn: [bun["bom-ref"], ...refs(direct)] },
      { ref: bun["bom-ref"], dependsOn: [] },
      ...components.map(({ needs, ref }) => ({ ref, dependsOn: refs(needs) })),
    ],
  };
  const head = { bomFormat: "CycloneDX", specVersion: "1.6", version: 1 };
  const whole = { ...head, serialNumber: serialNumber(JSON.stringify(document)), ...document };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** Every package that one of `direct` needs, by name; of two copies of one version, one. */
function reachable({ packages }: Lockfile, direct: readonly string[]): Component[] {
  const found = new Map<string, Component>();
  const open = [...direct];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const locked = packages[place];
    if (!locked || found.has(place)) continue;
    const [id, , { dependencies, optionalDependencies, peerDependencies }, integrity] = locked;
    const version = id.slice(id.lastIndexOf("@") + 1);
    const name = id.slice(0, id.lastIndexOf("@"));
    const needed = { ...peerDependencies, ...optionalDependencies, ...dependencies };
    const needs = Object.keys(needed).flatMap((need) => resolve(packages, place, need) ?? []);
    found.set(place, { place, ref: purl(name, version), name, version, integrity, needs });
    open.push(...needs);
  }
  const unique = new Map([...found.values()].map((component) => [component.ref, component]));
  return [...unique.values()].toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
}

/** Where Node's resolution finds `need` from `place`; undefined for a peer that is not there. */
function resolve(packages: Lockfile["packages"], place: string, need: string): string | undefined {
  const folders = segments(place);
  for (let depth = folders.length; depth >= 0; depth--) {
    const candidate = [...folders.slice(0, depth), need].join("/");
    if (Object.hasOwn(packages, candidate)) return candidate;
  }
  return undefined;
}

/** The packages a place consists of, the outermost first: `a/@b/c` is `a` and in it `@b/c`. */
function segments(place: string): string[] {
  return place.match(/@[^/]+\/[^/]+|[^/]+/g) ?? [];
}

function purl(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

async function described({ integrity, name, place, ref, version }: Component) {
  const folder = join(ROOT, ...segments(place).flatMap((part) => ["node_modules", part]));
  const manifest = (await Bun.file(join(folder, "package.json")).json()) as {
    version: string;
    license?: string;
    description?: string;
  };
  if (manifest.version !== version) throw new Error(`${ref} is locked, ${manifest.version} is not`);
  const [algorithm = "", digest = ""] = integrity.split("-");
  return {
    type: "library",
    "bom-ref": ref,
    name,
    version,
    ...(manifest.description ? { description: manifest.description } : {}),
    hashes: [
      {
        alg: algorithm.replace("sha", "SHA-"),
        content: Buffer.from(digest, "base64").toString("hex"),
      },
    ],
    licenses: licences(manifest.license),
    purl: ref,
  };
}

/** The runtime that the binary consists of for the most part. */
function runtime() {
  const ref = `pkg:github/oven-sh/bun@bun-v${Bun.version}`;
  return {
    type: "platform",
    "bom-ref": ref,
    name: "bun",
    version: Bun.version,
    licenses: licences("MIT"),
    purl: ref,
  };
}

/** An identifier of SPDX, or an expression of them. */
function licences(text: string | undefined): object[] {
  if (text === undefined) return [];
  return /[ ()]/.test(text) ? [{ expression: text }] : [{ license: { id: text } }];
}

/** A UUID of version 8 (RFC 9562): of the content instead of chance. */
function serialNumber(content: string): string {
  const hex = new Bun.CryptoHasher("sha256").update(content).digest("hex");
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return `urn:uuid:${groups.join("-")}`;
}
