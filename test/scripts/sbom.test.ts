/** The bill of materials: valid by CycloneDX's own schema, and true to what is in the binary. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { Ajv } from "ajv";
import formats from "ajv-formats";

import packageJson from "../../package.json" with { type: "json" };
import { sbom } from "../../scripts/sbom.ts";

const ROOT = join(import.meta.dir, "..", "..");
const SCHEMAS = join(ROOT, "node_modules", "@cyclonedx", "cyclonedx-library", "res", "schema");

interface Document {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly "bom-ref": string;
    readonly licenses: readonly object[];
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const text = await sbom();
const document = JSON.parse(text) as Document;

async function schema(name: string): Promise<object> {
  return (await Bun.file(join(SCHEMAS, `${name}.SNAPSHOT.schema.json`)).json()) as object;
}

describe("the bill of materials", () => {
  test("is valid CycloneDX 1.6", async () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    formats.default(ajv);
    // Formats of a later draft, of fields that are not in use here.
    for (const name of ["idn-email", "iri-reference"]) ajv.addFormat(name, true);
    for (const name of ["spdx", "jsf-0.82"]) {
      ajv.addSchema(await schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
    }
    const validate = ajv.compile(await schema("bom-1.6"));
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
    validate({ ...document, specVersion: 2 });
    expect(validate.errors).not.toBeNull();
  });

  test("holds every dependency with version, licence and digest, and no tool of ours", () => {
    const names = document.components.map(({ name }) => name);
    for (const [name, version] of Object.entries(packageJson.dependencies)) {
      // Another version of it may be there as well, for what needs that.
      const versions = document.components.filter((one) => one.name === name);
      expect([name, ...versions.map((one) => one.version)]).toContain(version);
    }
    for (const name of Object.keys(packageJson.devDependencies)) expect(names).not.toContain(name);
    // Needed by what we need.
    for (const name of ["memoirist", "@babel/types", "cookie"]) expect(names).toContain(name);
    for (const { hashes, licenses, name } of document.components) {
      expect([name, licenses.length]).toEqual([name, 1]);
      if (name !== "bun") expect(hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/);
    }
    expect(document.components.find(({ name }) => name === "bun")?.version).toBe(Bun.version);
  });

  test("says what needs what, of components it holds", () => {
    const refs = new Set(document.components.map((component) => component["bom-ref"]));
    const [self, ...others] = document.dependencies;
    expect(self?.dependsOn).toHaveLength(Object.keys(packageJson.dependencies).length + 1);
    expect(others.map(({ ref }) => ref).toSorted()).toEqual([...refs].toSorted());
    for (const { dependsOn } of document.dependencies) {
      for (const ref of dependsOn) expect(refs).toContain(ref);
    }
  });

  test("is the same for the same lockfile, and names no machine", async () => {
    expect(await sbom()).toBe(text);
    expect(text).not.toContain(ROOT);
    expect(text).not.toContain("timestamp");
  });
});
