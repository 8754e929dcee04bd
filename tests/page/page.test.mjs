// The page in headless Chromium against the real server: it shows a live match and survives the server's death.
// COMBAT_BIN names the binary; exit code 77 means not run, with the reason on the last line.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { DESKTOP, PHONE, startBrowser } from "./browser.mjs";
import { freePort, startServer, until } from "./server.mjs";

const NOT_RUN = 77;
const SHOW_MS = 60_000;
const FIGHT_MS = 150_000;
const RETURN_MS = 30_000;

const binary = resolve(process.env.COMBAT_BIN ?? join(import.meta.dirname, "../../target/release/combat"));
const browser = existsSync(binary) ? await startBrowser() : { missing: `no server at ${binary}; COMBAT_BIN names it` };
if (browser.missing) {
  console.log(`not run: ${browser.missing}`);
  process.exit(NOT_RUN);
}

const dataDir = mkdtempSync(join(tmpdir(), "combat-page-data-"));
const port = await freePort();
let server;
let desktop;

const state = (page) => page.$eval("#page", (element) => ({ ...element.dataset }));
const poses = (page) => page.$$eval("#score tr", (rows) => rows.map(({ dataset: { key, x, y, z } }) => [key, x, y, z].join()).sort());
const isLive = async (page) => (await state(page)).phase === "live";
const hasPassed = async (page, tick) => Number((await state(page)).tick) > tick;

before(async () => {
  server = await startServer({ binary, port, dataDir });
  desktop = await browser.open(DESKTOP);
  await desktop.page.goto(server.url);
});

after(async () => {
  await browser.close();
  await server?.kill("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

test("the page watches a live match by itself, on its level", async () => {
  const { page } = desktop;
  await until("the page is live", SHOW_MS, () => isLive(page));
  await until("players and level are drawn", SHOW_MS, async () => {
    const { players, level, pictures } = await state(page);
    return Number(players) > 1 && level && Number(pictures) > 0;
  });
  assert.match(await page.textContent("#connection"), /Live/);
  assert.notEqual(await page.textContent("#match-name"), "");
});

test("poses change and ticks rise", async () => {
  const { page } = desktop;
  const first = await poses(page);
  const { tick } = await state(page);
  await until("another pose is drawn", SHOW_MS, async () => (await poses(page)).join(";") !== first.join(";"));
  await until("the tick rises", SHOW_MS, () => hasPassed(page, Number(tick)));
});

test("the picture on the canvas is not of one colour", async () => {
  const colours = await desktop.page.$eval("#canvas", (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = new Set();
    for (let at = 0; at < data.length; at += 4 * 97) found.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    return found.size;
  });
  assert.ok(colours > 8, `${colours} colours`);
});

test("a kill shows in the feed and becomes final", async () => {
  const { page } = desktop;
  await until("a kill is listed", FIGHT_MS, async () => (await page.$$("#kills li")).length > 0);
  await until("a kill is final", SHOW_MS, async () => (await page.$$('#kills li[data-state="final"]')).length > 0);
  assert.match(await page.textContent("#kills li .kill"), /\S+ \S+.* \S+/);
});

test("the list names the match being watched and marks it", async () => {
  const { page } = desktop;
  const { sessions } = await (await fetch(`${server.url}/api/v1/combat/sessions?status=all`)).json();
  await until("every match is listed", SHOW_MS, async () => {
    const listed = await page.$$eval("#running li, #ended li", (items) => items.map((item) => item.dataset.key));
    return sessions.every((session) => listed.includes(session.id));
  });
  const { session } = await state(page);
  assert.equal(await page.getAttribute(`#running li[data-key="${session}"] button`, "aria-current"), "true");
});

test("nothing in the list of matches or below the picture is cut off", async () => {
  const { page } = desktop;
  const cut = () => page.$$eval(".match-about, .match-when, .match-state, .figures dt, .figures dd", (parts) =>
    parts.filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => part.textContent));
  await until("a match of ten is listed", SHOW_MS, async () => /10 players/.test(await page.textContent("#running")));
  assert.deepEqual(await cut(), []);
  assert.match(await page.textContent("#figures"), /Events final to/);
});

test("round trip, delay, epoch and the verified view are shown", async () => {
  const { page } = desktop;
  await until("a round trip is measured", SHOW_MS, async () => /^[\d.]+ ms$/.test(await page.textContent("#figure-round-trip")));
  await until("views are compared", SHOW_MS, async () => Number((await state(page)).hashesCompared) >= 3);
  assert.equal(await page.textContent("#figure-epoch"), "1");
  assert.equal((await state(page)).freshStarts, "0");
});

test("a phone shows the match without scrolling sideways", async () => {
  const { page, complaints } = await browser.open(PHONE, 2);
  await page.goto(server.url);
  await until("the phone is live", SHOW_MS, async () => (await isLive(page)) && Number((await state(page)).players) > 1);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= PHONE.width, `the page is ${width} px wide`);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("the keyboard reaches the matches", async () => {
  const { page } = desktop;
  const reached = async () => page.evaluate(() => document.activeElement?.closest("#running") !== null);
  for (let presses = 0; presses < 60 && !(await reached()); presses += 1) await page.keyboard.press("Tab");
  assert.ok(await reached(), "Tab never came to a running match");
});

test("nothing has complained so far", () => {
  assert.deepEqual(desktop.complaints, []);
});

test("after the server's death the page says so and comes back by itself", async () => {
  const { page } = desktop;
  const seen = await state(page);
  await server.kill("SIGKILL");
  await until("the page says that the server is gone", RETURN_MS, async () => /Server gone/.test(await page.textContent("#connection")));
  server = await startServer({ binary, port, dataDir });
  await until("the page is live again", RETURN_MS, () => isLive(page));
  desktop.complaints.length = 0;
  const back = await state(page);
  if (back.session === seen.session) {
    await until("the new epoch is shown", RETURN_MS, async () => Number((await state(page)).epoch) > Number(seen.epoch));
    await until("the page tells of it", RETURN_MS, async () => /the match went on: epoch 2/.test(await page.textContent("#notices")));
  }
  await until("the match goes on", SHOW_MS, () => hasPassed(page, Number(back.tick)));
  assert.deepEqual(desktop.complaints, []);
});
