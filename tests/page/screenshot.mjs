// Takes the page's picture: node tests/page/screenshot.mjs URL FILE [--phone]

import { DESKTOP, PHONE, startBrowser } from "./browser.mjs";
import { until } from "./server.mjs";

const KILLS_WANTED = 8;

const [url, file, form] = process.argv.slice(2);
if (!url || !file) {
  console.error("usage: node tests/page/screenshot.mjs URL FILE [--phone]");
  process.exit(2);
}
const browser = await startBrowser();
if (browser.missing) {
  console.error(browser.missing);
  process.exit(2);
}
const { page } = await browser.open(form === "--phone" ? PHONE : DESKTOP, 2);
await page.goto(url);
await until("a fight is on", 150_000, async () => (await page.$$("#kills li")).length >= KILLS_WANTED);
await page.screenshot({ path: file });
await browser.close();
