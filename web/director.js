// Decides which match is watched: joins, moves on when it ends, and comes back by itself after every failure.

import { Link, CLOSED_HERE } from "./link.js";
import { newestLive } from "./lobby.js";
import { Match } from "./match.js";
import { SUBPROTOCOL } from "./protocol.js";
import { retryDelayMs, ruleForClose, ruleForStatus } from "./retry.js";

const AVOIDED_MAX = 200;
const LOOK_AGAIN_MS = 2_000;
const READ_RESULT_MS = 5_000;

/** `phase` is one of looking, joining, live, empty, waiting (to try again), stopped. */
export class Director {
  constructor({ api, lobby, onChange }) {
    Object.assign(this, { api, lobby, onChange });
    this.match = null;
    this.link = null;
    this.chosenId = null;
    this.watchedId = null;
    this.avoided = new Set();
    this.attempt = 0;
    this.freshStarts = 0;
    this.endPause = null;
    this.#enter("looking", "Looking for a match");
  }

  /** The viewer's choice; it holds until that match ends. */
  choose(sessionId) {
    if (sessionId === this.watchedId && this.phase === "live") return;
    this.chosenId = sessionId;
    this.avoided.delete(sessionId);
    this.attempt = 0;
    this.link?.close("another match was chosen");
    this.hurry();
  }

  /** Ends a wait: the network or the page is back, or the viewer has chosen. */
  hurry() {
    this.endPause?.();
  }

  async run() {
    for (;;) {
      try {
        await this.#once();
      } catch (error) {
        await this.#follow(ruleForStatus(error.status, error.message));
      }
    }
  }

  async #once() {
    await this.lobby.refresh();
    const session = this.#pick();
    if (!session) {
      this.attempt = 0;
      if (this.phase !== "stopped") this.#enter("empty", "No live match");
      return this.#pause(LOOK_AGAIN_MS);
    }
    this.watchedId = session.id;
    this.#enter("joining", "Joining");
    const place = await this.api.spectate(session.id);
    if (this.chosenId !== null && this.chosenId !== session.id) return undefined;
    const rule = await this.lobby.refreshWhile(this.#watch(session, place));
    this.link = null;
    return this.#follow(rule);
  }

  #pick() {
    const chosen = this.lobby.live.find((session) => session.id === this.chosenId);
    if (!chosen) this.chosenId = null;
    const held = this.lobby.live.find((session) => session.id === this.watchedId && !this.avoided.has(session.id));
    return chosen ?? held ?? newestLive(this.lobby.sessions, this.avoided);
  }

  #watch(session, place) {
    return new Promise((resolve) => {
      this.link = new Link({
        wsUrl: place.wsUrl,
        protocols: place.protocols ?? [SUBPROTOCOL, `ticket.${place.ticket}`],
        onMessage: (message) => this.#heard(session.id, message),
        onClose: ({ code, reason }) => resolve(this.#ruleFor(session.id, code, reason)),
      });
    });
  }

  #heard(sessionId, message) {
    const nowMs = performance.now();
    if (message.type === "welcome") {
      this.match = new Match(message, this.match?.sessionId === sessionId ? this.match : null, nowMs);
      this.attempt = 0;
      this.#enter("live", "Live");
    } else if (this.match && this.phase === "live") {
      const wasOver = this.match.end !== null;
      this.match.take(message, nowMs);
      if (this.match.end !== null && !wasOver) this.#leaveAfterEnd(this.link);
    }
    if (message.type === "welcome" || message.type === "status" || message.type === "event") this.onChange();
  }

  #leaveAfterEnd(link) {
    setTimeout(() => link.close("the match has ended"), READ_RESULT_MS);
  }

  #ruleFor(sessionId, code, reason) {
    if (this.chosenId !== null && this.chosenId !== sessionId) return { follow: "switch" };
    const over = this.match?.sessionId === sessionId && this.match.end !== null;
    if (code === CLOSED_HERE && !over) {
      this.freshStarts += 1;
      return { follow: "again", words: `Starting afresh: ${reason}` };
    }
    const rule = over ? { follow: "next", words: "The match has ended" } : ruleForClose(code);
    if (rule.follow !== "again") this.#avoid(sessionId);
    return rule;
  }

  async #follow({ follow, words }) {
    switch (follow) {
      case "switch":
        return;
      case "next":
        if (this.watchedId) this.#avoid(this.watchedId);
        this.#enter("looking", words);
        this.lobby.refresh().catch(() => {});
        return this.#pause(this.match?.end ? READ_RESULT_MS : LOOK_AGAIN_MS);
      case "stop":
        this.#enter("stopped", words);
        return this.#pause(READ_RESULT_MS);
      default: {
        const delayMs = retryDelayMs(this.attempt, Math.random());
        this.attempt += 1;
        this.#enter("waiting", words, performance.now() + delayMs);
        return this.#pause(delayMs);
      }
    }
  }

  #avoid(sessionId) {
    this.avoided.add(sessionId);
    if (this.avoided.size > AVOIDED_MAX) this.avoided.delete(this.avoided.values().next().value);
    if (this.chosenId === sessionId) this.chosenId = null;
  }

  #pause(delayMs) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #enter(phase, words, retryAtMs = null) {
    if (this.phase !== phase) this.sinceMs = performance.now();
    Object.assign(this, { phase, words, retryAtMs });
    this.onChange?.();
  }
}
