/**
 * The dashboard's files, as the bundler made them of src/web/index.html: inside the binary when it
 * was compiled, else bundled once, at the first request.
 */
import { basename, join } from "node:path";

import page from "../../web/index.html";

export interface Asset {
  readonly body: Blob;
  readonly type: string;
  readonly etag: string;
}

export interface Assets {
  readonly page: Asset;
  /** By path, such as `/chunk-abc123.js`; a path always names the same bytes. */
  readonly files: ReadonlyMap<string, Asset>;
}

export async function dashboardAssets(): Promise<Assets> {
  const files = page.files ? embedded(page.files) : await bundled(page.index);
  const html = [...files].find(([, { type }]) => type.startsWith("text/html"));
  if (!html) throw new Error("the dashboard was bundled without its page");
  files.delete(html[0]);
  return { page: html[1], files };
}

function embedded(files: NonNullable<Bun.HTMLBundle["files"]>): Map<string, Asset> {
  return new Map(
    files.map(({ headers, path }) => {
      const asset = { body: Bun.file(path), type: headers["content-type"], etag: headers.etag };
      return [`/${basename(path)}`, { ...asset, etag: `"${asset.etag.replaceAll('"', "")}"` }];
    }),
  );
}

async function bundled(entry: string): Promise<Map<string, Asset>> {
  const { outputs } = await Bun.build({ entrypoints: [entry], minify: true, publicPath: "/" });
  const assets = outputs.map(async (output): Promise<[string, Asset]> => {
    const etag = `"${Bun.hash(await output.arrayBuffer()).toString(36)}"`;
    return [join("/", output.path), { body: output, type: output.type, etag }];
  });
  return new Map(await Promise.all(assets));
}
