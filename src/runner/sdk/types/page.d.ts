/**
 * The part of Playwright that runners use most, for folders without `playwright-core`: every
 * method here exists there, with more options. Install `playwright-core` and write the types
 * anew to have all of it.
 */
declare module "volley/page" {
  type State = "load" | "domcontentloaded" | "networkidle";
  interface Limit {
    timeout?: number;
  }
  type Role = "alert" | "button" | "checkbox" | "combobox" | "dialog" | "form" | "heading" | "img";
  type MoreRoles = "link" | "list" | "listitem" | "main" | "menu" | "menuitem" | "navigation";
  type OtherRoles = "option" | "radio" | "region" | "row" | "search" | "tab" | "table" | "textbox";
  interface Find {
    getByRole(
      role: Role | MoreRoles | OtherRoles,
      options?: { name?: string | RegExp; exact?: boolean; level?: number },
    ): Locator;
    getByText(text: string | RegExp, options?: { exact?: boolean }): Locator;
    getByLabel(text: string | RegExp, options?: { exact?: boolean }): Locator;
    getByPlaceholder(text: string | RegExp, options?: { exact?: boolean }): Locator;
    getByTestId(id: string | RegExp): Locator;
  }

  export interface Locator extends Find {
    locator(selector: string): Locator;
    filter(options: { hasText?: string | RegExp }): Locator;
    first(): Locator;
    last(): Locator;
    nth(index: number): Locator;
    count(): Promise<number>;
    all(): Promise<Locator[]>;
    click(options?: Limit): Promise<void>;
    fill(value: string, options?: Limit): Promise<void>;
    press(key: string, options?: Limit): Promise<void>;
    check(options?: Limit): Promise<void>;
    hover(options?: Limit): Promise<void>;
    selectOption(value: string | string[]): Promise<string[]>;
    isVisible(): Promise<boolean>;
    isHidden(): Promise<boolean>;
    isEnabled(options?: Limit): Promise<boolean>;
    isChecked(options?: Limit): Promise<boolean>;
    textContent(options?: Limit): Promise<string | null>;
    innerText(options?: Limit): Promise<string>;
    inputValue(options?: Limit): Promise<string>;
    getAttribute(name: string, options?: Limit): Promise<string | null>;
    allTextContents(): Promise<string[]>;
    waitFor(
      options?: Limit & { state?: "attached" | "detached" | "visible" | "hidden" },
    ): Promise<void>;
  }

  export interface Response {
    url(): string;
    status(): number;
    ok(): boolean;
    headers(): Record<string, string>;
    text(): Promise<string>;
  }

  export interface Cookie {
    name: string;
    value: string;
    domain: string;
    path: string;
    expires: number;
    httpOnly: boolean;
    secure: boolean;
    sameSite: "Strict" | "Lax" | "None";
  }

  export interface Page extends Find {
    goto(url: string, options?: Limit & { waitUntil?: State }): Promise<Response | null>;
    reload(options?: Limit & { waitUntil?: State }): Promise<Response | null>;
    goBack(options?: Limit): Promise<Response | null>;
    url(): string;
    title(): Promise<string>;
    content(): Promise<string>;
    locator(selector: string): Locator;
    click(selector: string, options?: Limit): Promise<void>;
    fill(selector: string, value: string, options?: Limit): Promise<void>;
    isVisible(selector: string): Promise<boolean>;
    textContent(selector: string, options?: Limit): Promise<string | null>;
    evaluate<Result>(script: (() => Result | Promise<Result>) | string): Promise<Result>;
    evaluate<Result, Argument>(
      script: (argument: Argument) => Result | Promise<Result>,
      argument: Argument,
    ): Promise<Result>;
    waitForSelector(
      selector: string,
      options?: Limit & { state?: "attached" | "detached" | "visible" | "hidden" },
    ): Promise<unknown>;
    waitForLoadState(state?: State, options?: Limit): Promise<void>;
    waitForURL(url: string | RegExp, options?: Limit): Promise<void>;
    waitForTimeout(milliseconds: number): Promise<void>;
    setExtraHTTPHeaders(headers: Record<string, string>): Promise<void>;
    setViewportSize(size: { width: number; height: number }): Promise<void>;
    setDefaultTimeout(milliseconds: number): void;
    screenshot(options?: { fullPage?: boolean; type?: "png" | "jpeg" }): Promise<Uint8Array>;
    keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
    context(): BrowserContext;
    isClosed(): boolean;
    close(): Promise<void>;
  }

  export interface BrowserContext {
    newPage(): Promise<Page>;
    pages(): Page[];
    cookies(urls?: string | string[]): Promise<Cookie[]>;
    addCookies(cookies: { name: string; value: string; url?: string }[]): Promise<void>;
    clearCookies(): Promise<void>;
    setExtraHTTPHeaders(headers: Record<string, string>): Promise<void>;
    setGeolocation(place: { latitude: number; longitude: number } | null): Promise<void>;
    grantPermissions(permissions: string[]): Promise<void>;
    close(): Promise<void>;
  }

  export interface Browser {
    newContext(options?: {
      locale?: string;
      timezoneId?: string;
      userAgent?: string;
      viewport?: { width: number; height: number } | null;
      extraHTTPHeaders?: Record<string, string>;
    }): Promise<BrowserContext>;
    contexts(): BrowserContext[];
    version(): string;
  }
}
