// What the page knows of the match it watches: builds it from the messages of one connection after the other.

import { happening, wordOf } from "./protocol.js";
import { Timeline } from "./timeline.js";
import { viewAfterDelta, viewFromSnapshot } from "./view.js";

const KILLS_KEPT = 60;
const NAMES_KEPT = 512;
const ROLLED_BACK_SHOWN_MS = 15_000;
const END_WORDS = {
  time_limit: "time limit",
  score_limit: "score limit",
  empty: "nobody left",
  requested: "ended by request",
  too_few_players: "too few players",
};

/** One match, kept over reconnects; `earlier` is what was known of it before the connection broke. */
export class Match {
  constructor(welcome, earlier, nowMs) {
    Object.assign(this, {
      sessionId: welcome.sessionId,
      tickRateHz: welcome.tickRateHz,
      frameHz: welcome.frameHz,
      delayMs: welcome.delayMs,
      durability: welcome.durability,
      mapId: welcome.mapId,
      mapHash: welcome.mapHash,
      weapons: welcome.weapons,
      abilities: welcome.abilities,
      durable: { epoch: welcome.epoch, tick: welcome.durableTick },
      timeline: new Timeline(welcome.tickRateHz, welcome.frameHz),
      hashesCompared: 0,
      serverState: { state: "live", reason: "" },
      end: null,
      kills: earlier?.kills ?? [],
      names: earlier?.names ?? new Map(),
      notice: earlier?.notice ?? null,
      view: earlier?.view ?? null,
    });
    this.wasDrained = earlier?.serverState.state === "draining";
    this.#noteResume(welcome, earlier, nowMs);
    this.#show(viewFromSnapshot(welcome.snapshot), [], nowMs);
    this.hashesCompared += 1;
    this.#settleKills();
  }

  /** Takes one message; throws when it does not fit what is held. */
  take(message, nowMs) {
    switch (message.type) {
      case "snapshot":
        this.#show(viewFromSnapshot(message, this.view), [], nowMs);
        this.hashesCompared += 1;
        break;
      case "delta":
        this.#show(viewAfterDelta(this.view, message), message.shots, nowMs);
        if (message.viewHash !== null) this.hashesCompared += 1;
        break;
      case "event":
        this.#happen(message, happening(message), nowMs);
        break;
      case "status":
        this.serverState = { state: wordOf("serverState", message.state), reason: message.reason };
        break;
    }
  }

  get status() {
    return wordOf("status", this.view.status) ?? "unknown";
  }

  /** Seconds until the phase ends by itself, or null. */
  get secondsLeft() {
    if (this.view.phaseEndsAt === null) return null;
    return Math.max(0, this.view.phaseEndsAt - this.view.tick) / this.tickRateHz;
  }

  nameOf(simId) {
    return this.view.roster.get(simId)?.displayName ?? this.names.get(simId) ?? `#${simId}`;
  }

  /** Who has won the match that is over: a name, and the team where that is one; null for nobody. */
  get winner() {
    const { winner, winningTeam } = this.end;
    if (winningTeam !== null) return { name: `Team ${winningTeam}`, team: winningTeam };
    return winner === null ? null : { name: this.nameOf(winner), team: null };
  }

  #show(view, shots, nowMs) {
    this.view = view;
    this.timeline.push(view, shots, nowMs);
    for (const entry of view.roster.values()) this.names.set(entry.simId, entry.displayName);
    if (this.names.size > NAMES_KEPT) this.names = new Map([...this.names].slice(-NAMES_KEPT / 2));
  }

  #happen({ epoch, tick }, event, nowMs) {
    switch (event?.what) {
      case "joined":
        this.names.set(event.simId, event.displayName);
        break;
      case "killed":
        this.#addKill({ epoch, tick, ...event });
        break;
      case "ended":
        this.end = { reason: END_WORDS[wordOf("endReason", event.reason)] ?? "ended", winner: event.winner, winningTeam: event.winningTeam };
        break;
      case "resumed":
        if (event.epoch > this.view.epoch) this.#resumedAt(event.epoch, tick, this.view, nowMs);
        break;
      case "durable":
        this.durable = { epoch: event.epoch, tick: event.tick };
        this.#settleKills();
        break;
    }
  }

  /// By the numbers of the protocol's page: weapons first, then abilities and effects from 64 on.
  causeOf(cause) {
    if (cause < 64) return this.weapons[cause] ?? `weapon ${cause}`;
    if (cause < 128) return this.abilities[cause - 64] ?? `ability ${cause - 64}`;
    return cause < 192 ? `effect ${cause - 128}` : "the world";
  }

  #addKill({ epoch, tick, victim, killer, cause, zone }) {
    const key = `${epoch}:${tick}:${victim}`;
    if (this.kills.some((kill) => kill.key === key)) return;
    const somebody = (simId) => {
      const entry = this.view.roster.get(simId);
      return { name: this.nameOf(simId), slot: entry?.slot ?? simId, team: entry?.team ?? 0 };
    };
    this.kills.push({
      key, epoch, tick, zone,
      weapon: this.causeOf(cause),
      killer: killer === null ? null : somebody(killer), victim: somebody(victim),
      final: false, undone: false,
    });
    if (this.kills.length > KILLS_KEPT) this.kills.shift();
    this.#settleKills();
  }

  #settleKills() {
    const { epoch, tick } = this.durable;
    for (const kill of this.kills) {
      if (!kill.undone && (kill.epoch < epoch || (kill.epoch === epoch && kill.tick <= tick))) kill.final = true;
    }
  }

  #noteResume(welcome, earlier, nowMs) {
    if (welcome.resumed) {
      const { epoch, tick, rolledBackFromEpoch, rolledBackFromTick } = welcome.resumed;
      const seen = earlier ? earlier.view : { epoch: rolledBackFromEpoch, tick: rolledBackFromTick };
      if (seen.epoch > 0 && seen.epoch < epoch) this.#resumedAt(epoch, tick, seen, nowMs);
    } else if (earlier && welcome.epoch > earlier.view.epoch) {
      this.#resumedAt(welcome.epoch, Math.min(welcome.tick, earlier.view.tick), earlier.view, nowMs);
    }
  }

  #resumedAt(epoch, tick, seen, nowMs) {
    const rolledBackTicks = Math.max(0, seen.tick - tick);
    this.notice = { epoch, rolledBackTicks, drained: this.wasDrained, untilMs: nowMs + ROLLED_BACK_SHOWN_MS };
    for (const kill of this.kills) {
      if (kill.epoch < epoch && kill.tick > tick && !kill.final) kill.undone = true;
    }
  }
}
