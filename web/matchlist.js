// The list of running and ended matches, with what verifying them has shown.

import { element, keyed, setAttribute, setText } from "./elements.js";
import { clock, count, minutes, plural } from "./format.js";

const ENDED_SHOWN_MAX = 30;
const VERIFY_WORDS = {
  verified: ["good", "verified"],
  incomplete: ["odd", "incomplete"],
  diverged: ["bad", "diverged"],
  broken: ["bad", "broken"],
  other_digest: ["bad", "another log"],
  damaged: ["bad", "damaged"],
  refused: ["odd", "refused"],
};
const END_WORDS = {
  time_limit: "time limit",
  score_limit: "score limit",
  empty: "nobody left",
  requested: "ended by request",
  too_few_players: "too few left",
};

/** Shows the lobby in the lists named by `parts`; `onChoose(sessionId)` when a live match is clicked. */
export class MatchList {
  constructor(parts, onChoose) {
    this.parts = parts;
    this.onChoose = onChoose;
  }

  show(lobby, watchedId) {
    const { running, ended, runningCount, endedCount } = this.parts;
    const { live, over } = lobby;
    setText(runningCount, live.length > 0 ? count(live.length) : "");
    setText(endedCount, over.length > 0 ? count(Math.max(over.length, lobby.total - live.length)) : "");
    const id = (session) => session.id;
    keyed(running, live, id, (session) => this.#makeLive(session), (item, session) => updateLive(item, session, watchedId));
    keyed(ended, over.slice(0, ENDED_SHOWN_MAX), id, makeEnded, updateEnded);
    showEmpty(running, lobby.loaded && live.length === 0 ? "None at the moment" : "");
    showEmpty(ended, lobby.loaded && over.length === 0 ? "None yet" : "");
  }

  #makeLive(session) {
    const button = element("button", { type: "button", class: "match" }, ...lines());
    button.addEventListener("click", () => this.onChoose(session.id));
    return element("li", {}, button);
  }
}

const row = (left, right) => element("span", { class: "match-row" }, element("span", { class: left }), element("span", { class: right }));
const lines = () => [row("match-name", "match-state"), row("match-about", "match-when")];
const cells = (item) => item.querySelectorAll(".match-row > span");

function makeEnded() {
  return element("li", {}, element("div", { class: "match" }, ...lines()));
}

function updateLive(item, session, watchedId) {
  const watched = session.id === watchedId;
  const [name, state, about, when] = cells(item);
  setText(name, session.name);
  setText(state, watched ? "watching" : session.status);
  setAttribute(state, "class", `match-state ${watched ? "is-watched" : ""}`.trim());
  setText(about, `${session.gameMode} · ${session.mapId} · ${plural(session.playerCount, "player")}`);
  setText(when, `since ${clock(session.startedAt ?? session.createdAt)}`);
  setAttribute(item.firstElementChild, "aria-current", watched ? "true" : null);
}

function updateEnded(item, session) {
  const [name, state, about, when] = cells(item);
  const [mood, word] = session.status === "failed" ? ["bad", "failed"] : verifyWords(session.verify);
  setText(name, session.name);
  setText(state, word);
  setAttribute(state, "class", `match-state is-${mood}`);
  setAttribute(state, "title", session.verify ? `${word} up to tick ${count(session.verify.atTick)}` : "the stored match has not been verified yet");
  setText(about, `${session.gameMode} · ${session.mapId} · ${plural(session.playerCount, "player")}`);
  setText(when, whenEnded(session));
  setAttribute(item.firstElementChild, "title", `${END_WORDS[session.endReason] ?? session.endReason ?? "ended"} · ${session.id}`);
}

function verifyWords(verify) {
  if (!verify) return ["open", "not verified yet"];
  const [mood, word] = VERIFY_WORDS[verify.result] ?? ["odd", verify.result];
  return [mood, mood === "bad" ? `${word} at ${count(verify.atTick)}` : word];
}

function whenEnded(session) {
  if (!session.endedAt) return "";
  const lasted = session.startedAt ? (Date.parse(session.endedAt) - Date.parse(session.startedAt)) / 1000 : null;
  return lasted === null ? clock(session.endedAt) : `${clock(session.startedAt)} · ${minutes(lasted)}`;
}

function showEmpty(list, words) {
  if (words) list.dataset.empty = words;
  else delete list.dataset.empty;
}
