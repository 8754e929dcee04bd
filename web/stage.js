// The canvas: keeps its size, draws one picture of the match after another, and rests while the page is hidden.

import { fitCamera } from "./camera.js";
import { colourOf, TYPEFACE } from "./palette.js";
import { Effects } from "./effects.js";
import { drawFigures } from "./figures.js";
import { paintRelief } from "./relief.js";

const PIXEL_RATIO_MAX = 3;
const SCALE_BAR_M = 5;
const SCALE_BAR_HEIGHT_PX = 28;

/** Owns a canvas element; `draw` paints the match as it was a moment ago. */
export class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.ink = canvas.getContext("2d");
    this.level = null;
    this.camera = null;
    this.relief = null;
    this.timeline = null;
    this.effects = new Effects();
    this.pictures = 0;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  setLevel(level) {
    this.level = level;
    this.relief = null;
  }

  /** Returns the drawn `{tick, players}`, players in `simId` order. */
  draw(match, marked, nowMs) {
    const { timeline } = match;
    if (timeline !== this.timeline) {
      this.timeline = timeline;
      this.effects = new Effects();
    }
    const tick = timeline.tickAt(nowMs);
    const players = timeline.playersAt(tick);
    this.#drawRelief();
    if (this.camera && this.level) {
      const colourBySimId = (simId) => colourOf(match.view.roster.get(simId) ?? { slot: simId, team: 0 });
      this.effects.add(timeline.shotsUpTo(tick), players, nowMs);
      drawFigures(this.ink, { players, match, level: this.level, camera: this.camera, tick, marked });
      this.effects.draw(this.ink, this.camera, colourBySimId, nowMs);
      drawScale(this.ink, this.camera);
    }
    this.pictures += 1;
    return { tick, players };
  }

  clear() {
    this.ink.setTransform(1, 0, 0, 1, 0, 0);
    this.ink.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #drawRelief() {
    const ratio = Math.min(PIXEL_RATIO_MAX, window.devicePixelRatio || 1);
    if (ratio !== this.ratio) this.#resize();
    if (!this.relief && this.level) {
      this.camera = fitCamera(this.level.extent, this.canvas.clientWidth, this.canvas.clientHeight);
      this.relief = paintRelief(this.level, this.camera, this.ratio);
    }
    this.clear();
    if (this.relief) this.ink.drawImage(this.relief, 0, 0);
    this.ink.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
  }

  #resize() {
    this.ratio = Math.min(PIXEL_RATIO_MAX, window.devicePixelRatio || 1);
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * this.ratio));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * this.ratio));
    this.relief = null;
  }
}

function drawScale(ink, camera) {
  const width = SCALE_BAR_M * camera.pixelsPerMetre;
  if (camera.marginPx.bottom < SCALE_BAR_HEIGHT_PX && camera.marginPx.right < width + SCALE_BAR_HEIGHT_PX) return;
  const [x, y] = [camera.widthPx - 14 - width, camera.heightPx - 12];
  ink.strokeStyle = "rgb(255 255 255 / 0.35)";
  ink.lineWidth = 1;
  ink.beginPath();
  ink.moveTo(x + 0.5, y - 4);
  ink.lineTo(x + 0.5, y + 0.5);
  ink.lineTo(x + width + 0.5, y + 0.5);
  ink.lineTo(x + width + 0.5, y - 4);
  ink.stroke();
  ink.fillStyle = "rgb(255 255 255 / 0.5)";
  ink.font = `500 10px ${TYPEFACE}`;
  ink.textAlign = "center";
  ink.fillText(`${SCALE_BAR_M} m`, x + width / 2, y - 6);
}
