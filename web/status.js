// What stands around the picture: title, phase, time left, figures, connection and notices.

import { element, setAttribute, setText } from "./elements.js";
import { count, milliseconds, minutes, plural } from "./format.js";

const PHASE_WORDS = {
  waiting: "Waiting for players",
  warmup: "Warm-up",
  active: "Active",
  ended: "Ended",
  resuming: "Resuming",
  suspended: "Suspended",
};

/** Updates the fixed elements of the page; `parts` holds them by name. */
export class StatusPanel {
  constructor(parts) {
    this.parts = parts;
  }

  showTitle(match, session) {
    const { matchName, matchAbout, phase, phaseName, phaseLeft } = this.parts;
    setText(matchName, session?.name ?? "");
    setText(matchAbout, session ? `${session.gameMode} · ${session.mapId}` : "");
    phase.hidden = !match;
    if (!match) return;
    const status = match.end ? "ended" : match.status;
    setAttribute(phase, "data-status", status);
    setText(phaseName, PHASE_WORDS[status] ?? status);
    setText(phaseLeft, match.secondsLeft === null || status === "ended" ? "" : minutes(match.secondsLeft));
  }

  showFigures(match, tick, roundTripMs) {
    const { tick: tickPart, durable, roundTrip, delay, epoch, view } = this.parts;
    setText(tickPart, match ? count(tick) : "–");
    setText(durable, match ? count(match.durable.tick) : "–");
    setAttribute(durable, "title", match ? `no event up to this tick can be undone (${match.durability}); the newer ones follow in a moment` : null);
    setText(roundTrip, match && roundTripMs !== null ? milliseconds(roundTripMs) : "–");
    setText(delay, match ? (match.delayMs > 0 ? milliseconds(match.delayMs) : "none") : "–");
    setText(epoch, match ? count(match.view.epoch) : "–");
    setText(view, match ? "verified" : "–");
    setAttribute(view, "class", match ? "is-good" : null);
    setAttribute(view, "title", match ? `the server's hash of the view was right ${plural(match.hashesCompared, "time")}` : null);
  }

  showConnection(director, nowMs) {
    const { connection, connectionWords, countdown } = this.parts;
    setAttribute(connection, "data-phase", director.phase);
    setText(connectionWords, director.words);
    setText(countdown, countdownOf(director, nowMs));
  }

  showNotices(match, director, nowMs) {
    const wanted = match ? noticesOf(match, director, nowMs) : [];
    const key = wanted.map(([mood, words]) => mood + words).join("|");
    if (this.noticeKey === key) return;
    this.noticeKey = key;
    this.parts.notices.replaceChildren(...wanted.map(([mood, words]) => element("p", { class: `notice is-${mood}`, text: words })));
  }
}

function countdownOf({ phase, retryAtMs }, nowMs) {
  if (phase !== "waiting") return "";
  const seconds = Math.ceil((retryAtMs - nowMs) / 1000);
  return seconds > 0 ? `. Trying again in ${seconds} s` : ". Trying again now";
}

function noticesOf(match, director, nowMs) {
  const notices = [];
  if (match.notice && nowMs < match.notice.untilMs) notices.push(["good", resumeWords(match)]);
  if (director.phase !== "live") return notices;
  const { state } = match.serverState;
  const reason = match.serverState.reason ? ` (${match.serverState.reason})` : "";
  if (state === "suspended" || match.status === "suspended") {
    notices.push(["odd", `The match is frozen: its log cannot be written${reason}. It goes on when there is room again.`]);
  } else if (state === "draining") {
    notices.push(["odd", `The server is shutting down${reason}. The match goes on after the restart.`]);
  } else if (match.status === "resuming") {
    notices.push(["odd", "Waiting for the players to come back."]);
  }
  return notices;
}

function resumeWords({ notice, tickRateHz }) {
  const { epoch, rolledBackTicks, drained } = notice;
  const what = drained ? "The server was restarted" : "The server died";
  const lost = rolledBackTicks > 0
    ? `${plural(rolledBackTicks, "tick")} (${milliseconds((rolledBackTicks * 1000) / tickRateHz)}) rolled back`
    : "nothing shown here was rolled back";
  return `${what} and the match went on: epoch ${count(epoch)}, ${lost}.`;
}
