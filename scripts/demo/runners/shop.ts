/**
 * Two runners as a team would write them: one asks whether a consent banner is shown, one whether
 * the page has its title. They look at real pages in a real browser, on a machine that has none at
 * what the server sends.
 */
import type { Runner } from "runners";
import { withPlaywright } from "runners/playwright";
import { z } from "zod";

const BannerInput = z.object({ url: z.url(), selector: z.string().default("#consent-banner") });
const TitleInput = z.object({ url: z.url() });

export const cookieBannerTest: Runner<typeof BannerInput> = async (ctx, input) => {
  "use runner";
  const visible = withoutBrowser
    ? (await visit(input.url, ctx.region)).includes(`id="${input.selector.slice(1)}"`)
    : await (await pageFor(ctx, input.url)).locator(input.selector).isVisible();
  ctx.log("looked for the consent banner", { visible });
  return { name: "cookie_banner_visible", status: visible ? "pass" : "fail", details: { visible } };
};

export const titleTest: Runner<typeof TitleInput> = async (ctx, input) => {
  "use runner";
  const title = withoutBrowser
    ? (/<title>(.*?)<\/title>/.exec(await visit(input.url, ctx.region))?.[1] ?? "")
    : await (await pageFor(ctx, input.url)).title();
  return { name: "title", status: title ? "pass" : "fail", details: { title } };
};

/** Set by the demo where it finds no browser. */
const withoutBrowser = process.env["SHOP_WITHOUT_BROWSER"] !== undefined;

type Context = Parameters<Runner>[0];

/** The page as a visitor from the region gets it: here a header says where that is. */
async function pageFor(ctx: Context, url: string) {
  const { context, page } = await withPlaywright(ctx, url);
  await context.setExtraHTTPHeaders(visitor(ctx.region));
  await page.goto(url);
  return page;
}

async function visit(url: string, region?: string): Promise<string> {
  const response = await fetch(url, { headers: visitor(region) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  return response.text();
}

function visitor(region = "us-east-1"): Record<string, string> {
  return { "x-visitor-region": region };
}
