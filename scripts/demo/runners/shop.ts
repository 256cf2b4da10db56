/**
 * Two runners as a team would write them: one asks whether a consent banner is shown, one whether
 * the page has its title.
 */
import type { Runner } from "runners";

interface Input {
  url: string;
}

export const cookieBannerTest: Runner<Input> = async (ctx, input) => {
  "use runner";
  const page = await visit(input.url, ctx.region);
  const visible = page.includes('id="consent-banner"');
  ctx.log("looked for the consent banner", { visible });
  return { name: "cookie_banner_visible", status: visible ? "pass" : "fail", details: { visible } };
};

export const titleTest: Runner<Input> = async (ctx, input) => {
  "use runner";
  const page = await visit(input.url, ctx.region);
  const title = /<title>(.*?)<\/title>/.exec(page)?.[1] ?? "";
  return { name: "title", status: title ? "pass" : "fail", details: { title } };
};

/** The page as a visitor from `region` gets it. */
async function visit(url: string, region = "us-east-1"): Promise<string> {
  const response = await fetch(url, { headers: { "x-visitor-region": region } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  return response.text();
}
