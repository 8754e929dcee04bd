// What flashes and fades on the canvas: tracers, hit marks and deaths.

import { FLAG_ALIVE } from "./protocol.js";

const TRACER_MS = 380;
const MARK_MS = 420;
const DEATH_MS = 900;
const EFFECTS_MAX = 400;

/** Short-lived marks; `share` in their drawing runs from 0 at birth to 1 at the end. */
export class Effects {
  constructor() {
    this.marks = [];
    this.alive = new Map();
  }

  /** Adds what has happened since the last picture. */
  add(shots, players, nowMs) {
    for (const shot of shots) {
      this.marks.push({ kind: "tracer", bornMs: nowMs, lastsMs: TRACER_MS, shot });
      this.marks.push({ kind: shot.struck === null ? "dust" : "hit", bornMs: nowMs, lastsMs: MARK_MS, shot });
    }
    for (const player of players) {
      const alive = (player.flags & FLAG_ALIVE) !== 0;
      if (!alive && this.alive.get(player.simId)) {
        this.marks.push({ kind: "death", bornMs: nowMs, lastsMs: DEATH_MS, player });
      }
      this.alive.set(player.simId, alive);
    }
    this.marks = this.marks.filter((mark) => nowMs - mark.bornMs < mark.lastsMs).slice(-EFFECTS_MAX);
    if (this.alive.size > EFFECTS_MAX) this.alive.clear();
  }

  draw(ink, camera, colourBySimId, nowMs) {
    ink.save();
    ink.lineCap = "round";
    for (const mark of this.marks) {
      const share = (nowMs - mark.bornMs) / mark.lastsMs;
      if (mark.kind === "tracer") drawTracer(ink, camera, mark.shot, colourBySimId(mark.shot.shooter), share);
      else if (mark.kind === "death") drawDeath(ink, camera, mark.player, colourBySimId(mark.player.simId), share);
      else drawImpact(ink, camera, mark.shot, mark.kind === "hit", share);
    }
    ink.restore();
  }
}

function drawTracer(ink, camera, shot, colour, share) {
  const from = camera.atMm(shot.fromX, shot.fromZ);
  const to = camera.atMm(shot.toX, shot.toZ);
  const fade = (1 - share) ** 2;
  const line = ink.createLinearGradient(...from, ...to);
  line.addColorStop(0, "transparent");
  line.addColorStop(1, colour);
  ink.globalAlpha = fade * 0.9;
  ink.strokeStyle = line;
  ink.lineWidth = shot.struck === null ? 1.2 : 1.8;
  ink.beginPath();
  ink.moveTo(...from);
  ink.lineTo(...to);
  ink.stroke();
}

function drawImpact(ink, camera, shot, struck, share) {
  const [x, y] = camera.atMm(shot.toX, shot.toZ);
  ink.globalAlpha = (1 - share) * (struck ? 1 : 0.5);
  ink.strokeStyle = "#ffffff";
  ink.fillStyle = "#ffffff";
  if (!struck) {
    ink.beginPath();
    ink.arc(x, y, 1.4, 0, Math.PI * 2);
    ink.fill();
    return;
  }
  const inner = 4 + 2 * share;
  const outer = inner + 4;
  ink.lineWidth = 1.6;
  ink.beginPath();
  for (const [dx, dy] of [[1, 1], [1, -1], [-1, 1], [-1, -1]]) {
    ink.moveTo(x + dx * inner, y + dy * inner);
    ink.lineTo(x + dx * outer, y + dy * outer);
  }
  ink.stroke();
}

function drawDeath(ink, camera, player, colour, share) {
  const [x, y] = camera.atMm(player.x, player.z);
  ink.globalAlpha = (1 - share) * 0.8;
  ink.strokeStyle = colour;
  ink.lineWidth = 2 * (1 - share) + 0.5;
  ink.beginPath();
  ink.arc(x, y, 8 + 22 * Math.sqrt(share), 0, Math.PI * 2);
  ink.stroke();
}
