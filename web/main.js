// Puts the page together: the director watches, the stage draws, the panels follow five times a second.

import * as api from "./api.js";
import { Card } from "./card.js";
import { Director } from "./director.js";
import { setAttribute } from "./elements.js";
import { plural } from "./format.js";
import { showKills } from "./killfeed.js";
import { levelFromMap } from "./level.js";
import { Lobby } from "./lobby.js";
import { MatchList } from "./matchlist.js";
import { FLAG_ALIVE } from "./protocol.js";
import { Scoreboard } from "./scoreboard.js";
import { Stage } from "./stage.js";
import { StatusPanel } from "./status.js";

const PANELS_EVERY_MS = 200;

let listIsStale = true;
let levelKey = null;
let panelsAtMs = 0;

const part = (id) => document.getElementById(id);
const page = part("page");
const stage = new Stage(part("canvas"));
const scoreboard = new Scoreboard(part("score"));
const card = new Card(part("card"), api.listMaps);
const status = new StatusPanel({
  matchName: part("match-name"), matchAbout: part("match-about"),
  phase: part("phase"), phaseName: part("phase-name"), phaseLeft: part("phase-left"),
  connection: part("connection"), connectionWords: part("connection-words"), countdown: part("connection-countdown"), notices: part("notices"),
  tick: part("figure-tick"), durable: part("figure-durable"), roundTrip: part("figure-round-trip"),
  delay: part("figure-delay"), epoch: part("figure-epoch"), view: part("figure-view"),
});
const matchList = new MatchList(
  { running: part("running"), ended: part("ended"), runningCount: part("running-count"), endedCount: part("ended-count") },
  (sessionId) => director.choose(sessionId),
);
const lobby = new Lobby(api.listSessions, () => { listIsStale = true; });
const director = new Director({ api, lobby, onChange: () => { listIsStale = true; } });

function frame(nowMs) {
  const { match } = director;
  const picture = match ? stage.draw(match, scoreboard.marked, performance.now()) : null;
  if (nowMs - panelsAtMs >= PANELS_EVERY_MS) {
    panelsAtMs = nowMs;
    showPanels(match, picture, performance.now());
  }
  requestAnimationFrame(frame);
}

function showPanels(match, picture, nowMs) {
  const session = lobby.find(match?.sessionId ?? director.watchedId);
  loadLevelOf(match);
  status.showTitle(match, session);
  status.showFigures(match, Math.floor(picture?.tick ?? 0), director.link?.roundTripMs ?? null);
  status.showConnection(director, nowMs);
  status.showNotices(match, director, nowMs);
  card.show({ match, director, nowMs });
  if (match) {
    scoreboard.show(picture.players, match.view.roster);
    showKills(part("kills"), match);
  }
  if (listIsStale) {
    listIsStale = false;
    matchList.show(lobby, director.phase === "live" ? director.watchedId : null);
  }
  expose(match, picture);
}

function loadLevelOf(match) {
  const key = match ? `${match.mapId} ${match.mapHash}` : null;
  if (key === levelKey || key === null) return;
  levelKey = key;
  stage.setLevel(null);
  api.getMap(match.mapId).then(
    (map) => { if (levelKey === key) showLevel(levelFromMap(map)); },
    () => { if (levelKey === key) setTimeout(() => { levelKey = null; }, 2_000); },
  );
}

function showLevel(level) {
  const [width, depth] = [level.extent.x[1] - level.extent.x[0], level.extent.z[1] - level.extent.z[0]];
  page.style.setProperty("--level-ratio", Math.min(1.6, Math.max(0.8, width / depth)).toFixed(3));
  stage.setLevel(level);
}

/** What tests and screen readers may ask of the page. */
function expose(match, picture) {
  const alive = picture?.players.filter((player) => player.flags & FLAG_ALIVE).length ?? 0;
  setAttribute(page, "data-phase", director.phase);
  setAttribute(page, "data-session", match?.sessionId ?? null);
  setAttribute(page, "data-epoch", match?.view.epoch ?? null);
  setAttribute(page, "data-tick", match ? Math.floor(picture.tick) : null);
  setAttribute(page, "data-durable-tick", match?.durable.tick ?? null);
  setAttribute(page, "data-players", picture?.players.length ?? 0);
  setAttribute(page, "data-alive", alive);
  setAttribute(page, "data-hashes-compared", match?.hashesCompared ?? 0);
  setAttribute(page, "data-fresh-starts", director.freshStarts);
  setAttribute(page, "data-pictures", stage.pictures);
  setAttribute(page, "data-level", stage.level ? match?.mapId : null);
  const label = match ? `The match from above: ${plural(picture.players.length, "player")}, ${alive} alive` : "No match is shown";
  setAttribute(part("canvas"), "aria-label", label);
}

for (const [target, name] of [[window, "online"], [document, "visibilitychange"]]) {
  target.addEventListener(name, () => { if (!document.hidden) director.hurry(); });
}
director.run();
requestAnimationFrame(frame);
