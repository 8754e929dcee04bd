// Keeps the newest frames and tells what to draw between them, a frame and a half behind the newest.

import { FLAG_ALIVE } from "./protocol.js";

const FRAMES_KEPT = 40;
const FRAMES_BEHIND = 1.5;
const CLOCK_SHARE = 0.08;
const CLOCK_JUMP_S = 0.4;
const LEAP_MM = 2_500;
const TURN = 65_536;

/** Frames of one match in order of tick; the clock is the caller's, in milliseconds. */
export class Timeline {
  constructor(tickRateHz, frameHz) {
    this.tickRateHz = tickRateHz;
    this.frameTicks = tickRateHz / Math.max(1, frameHz);
    this.frames = [];
    this.shots = [];
    this.clockOffset = null;
    this.drawnTick = 0;
  }

  /** Adds a view with the shots since the one before; a view of an older tick or another epoch starts anew. */
  push(view, shots, nowMs) {
    const newest = this.frames.at(-1);
    if (newest && (view.epoch !== newest.epoch || view.tick <= newest.tick)) this.#startAnew();
    this.frames.push(view);
    if (this.frames.length > FRAMES_KEPT) this.frames.shift();
    for (const shot of shots) this.shots.push({ tick: view.tick, ...shot });
    this.#follow(view.tick, nowMs);
  }

  /** The tick to draw at this time; it never goes back within an epoch. */
  tickAt(nowMs) {
    if (this.clockOffset === null) return 0;
    const tick = (nowMs * this.tickRateHz) / 1000 + this.clockOffset - FRAMES_BEHIND * this.frameTicks;
    const newest = this.frames.at(-1).tick;
    this.drawnTick = Math.max(this.drawnTick, Math.min(tick, newest));
    return this.drawnTick;
  }

  /** Every player as it stands at a tick, in `simId` order. */
  playersAt(tick) {
    const [before, after] = this.#around(tick);
    if (!before) return [];
    const share = after ? Math.max(0, (tick - before.tick) / (after.tick - before.tick)) : 0;
    const ids = [...before.players.keys()].sort((a, b) => a - b);
    return ids.map((id) => between(before.players.get(id), after?.players.get(id), share));
  }

  /** Takes the shots fired up to a tick that have not been taken yet. */
  shotsUpTo(tick) {
    const due = this.shots.filter((shot) => shot.tick <= tick);
    if (due.length > 0) this.shots = this.shots.filter((shot) => shot.tick > tick);
    return due;
  }

  /** Where a player was in the last `ticks` before a tick, oldest first, without leaps. */
  trailOf(simId, tick, ticks) {
    const trail = [];
    for (const frame of this.frames) {
      if (frame.tick < tick - ticks || frame.tick > tick) continue;
      const at = frame.players.get(simId);
      if (!at || !(at.flags & FLAG_ALIVE)) { trail.length = 0; continue; }
      const last = trail.at(-1);
      if (last && leaps(last, at)) trail.length = 0;
      trail.push(at);
    }
    return trail;
  }

  #around(tick) {
    for (let index = this.frames.length - 1; index >= 0; index -= 1) {
      if (this.frames[index].tick <= tick) return [this.frames[index], this.frames[index + 1]];
    }
    return [this.frames[0], undefined];
  }

  #follow(tick, nowMs) {
    const offset = tick - (nowMs * this.tickRateHz) / 1000;
    const error = this.clockOffset === null ? Infinity : offset - this.clockOffset;
    if (Math.abs(error) > CLOCK_JUMP_S * this.tickRateHz) this.clockOffset = offset;
    else this.clockOffset += error * CLOCK_SHARE;
  }

  #startAnew() {
    this.frames = [];
    this.shots = [];
    this.clockOffset = null;
    this.drawnTick = 0;
  }
}

function between(from, to, share) {
  if (!to || from.flags !== to.flags || leaps(from, to)) return from;
  const mix = (a, b) => a + (b - a) * share;
  const turn = ((to.yaw - from.yaw + TURN * 1.5) % TURN) - TURN / 2;
  return { ...from, x: mix(from.x, to.x), y: mix(from.y, to.y), z: mix(from.z, to.z), yaw: from.yaw + turn * share };
}

function leaps(from, to) {
  return Math.abs(from.x - to.x) > LEAP_MM || Math.abs(from.z - to.z) > LEAP_MM || Math.abs(from.y - to.y) > LEAP_MM;
}
