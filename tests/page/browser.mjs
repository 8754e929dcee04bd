// Starts headless Chromium; says why when it cannot.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

// The test bed installs its tools below the build; by hand they are beside this file.
const INSTALLED_IN = process.env.PAGE_TOOLS ? join(process.env.PAGE_TOOLS, "package.json") : import.meta.url;

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** `{missing}` in words, or `{open(viewport, scale), close()}`; `open` gives a page and its console errors. */
export async function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!executablePath || !existsSync(executablePath)) return { missing: "chromium is not installed (apt-get install chromium)" };
  let playwright;
  try {
    playwright = createRequire(INSTALLED_IN)("playwright-core");
  } catch {
    return { missing: "playwright-core is not installed (npm install --prefix tests/page)" };
  }
  const profile = mkdtempSync(join(tmpdir(), "combat-page-"));
  const browser = await playwright.chromium.launch({ executablePath, args: [...FLAGS, `--disk-cache-dir=${join(profile, "cache")}`] });
  return {
    async open(viewport, scale = 1) {
      const context = await browser.newContext({ viewport, deviceScaleFactor: scale });
      const page = await context.newPage();
      const complaints = [];
      page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
      page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
      return { page, complaints };
    },
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
