// Draws the players: where they stand, where they look, who they are and how they fare.

import { shortened } from "./format.js";
import { colourOf, healthColour, INK, TYPEFACE } from "./palette.js";
import { isCovered } from "./level.js";
import { FLAG_ALIVE, FLAG_CONNECTED } from "./protocol.js";

const BODY_M = 0.45;
const BODY_MIN_PX = 8;
const BODY_MIN_SMALL_PX = 6;
const SMALL_PX = 480;
const TRAIL_S = 0.7;
const POINTS_FULL = 100;
const NAME_LENGTH_MAX = 14;
const TURN = 65_536;

/** Draws every player of a picture; `marked` is the `simId` the viewer has picked out, or null. */
export function drawFigures(ink, { players, match, level, camera, tick, marked }) {
  const radius = Math.max(camera.widthPx < SMALL_PX ? BODY_MIN_SMALL_PX : BODY_MIN_PX, BODY_M * camera.pixelsPerMetre);
  const figures = players
    .map((player) => ({ player, entry: match.view.roster.get(player.simId) ?? { slot: player.simId, team: 0 } }))
    .map((figure) => ({ ...figure, colour: colourOf(figure.entry), at: camera.atMm(figure.player.x, figure.player.z) }))
    .sort((a, b) => (a.player.flags & FLAG_ALIVE) - (b.player.flags & FLAG_ALIVE) || a.player.y - b.player.y);
  const standing = figures.filter(({ player }) => player.flags & FLAG_ALIVE);
  for (const figure of standing) drawTrail(ink, figure, match, camera, tick, radius);
  for (const figure of figures) {
    ink.save();
    ink.translate(...figure.at);
    if (!(figure.player.flags & FLAG_ALIVE)) drawFallen(ink, figure.colour, radius);
    else drawBody(ink, figure, radius, level);
    if (figure.player.simId === marked) drawMark(ink, radius);
    ink.restore();
  }
  for (const figure of standing) drawLabel(ink, figure, radius, camera, figure.player.simId === marked);
}

function drawTrail(ink, { player, colour }, match, camera, tick, radius) {
  const trail = match.timeline.trailOf(player.simId, tick, TRAIL_S * match.tickRateHz);
  if (trail.length < 2) return;
  ink.save();
  ink.strokeStyle = colour;
  ink.lineCap = "round";
  ink.lineWidth = radius * 0.55;
  const points = [...trail.map((at) => camera.atMm(at.x, at.z)), camera.atMm(player.x, player.z)];
  for (let index = 1; index < points.length; index += 1) {
    ink.globalAlpha = 0.3 * (index / points.length) ** 2;
    ink.beginPath();
    ink.moveTo(...points[index - 1]);
    ink.lineTo(...points[index]);
    ink.stroke();
  }
  ink.restore();
}

function drawFallen(ink, colour, radius) {
  const arm = radius * 0.55;
  ink.globalAlpha = 0.55;
  ink.strokeStyle = colour;
  ink.lineWidth = 2;
  ink.lineCap = "round";
  ink.beginPath();
  ink.moveTo(-arm, -arm);
  ink.lineTo(arm, arm);
  ink.moveTo(arm, -arm);
  ink.lineTo(-arm, arm);
  ink.stroke();
}

function drawBody(ink, { player, colour }, radius, level) {
  const covered = level !== null && isCovered(level, [player.x / 1000, player.z / 1000], player.y / 1000);
  const connected = (player.flags & FLAG_CONNECTED) !== 0;
  const heightM = level === null ? 0 : Math.max(0, player.y / 1000 - level.floorM);
  if (!covered) drawShadow(ink, radius, heightM);
  ink.rotate((-player.yaw / TURN) * Math.PI * 2);
  ink.globalAlpha = covered ? 0.6 : 1;
  drawSight(ink, colour, radius);
  ink.beginPath();
  ink.arc(0, 0, radius, 0, Math.PI * 2);
  ink.fillStyle = covered || !connected ? INK.background : colour;
  ink.fill();
  ink.strokeStyle = covered || !connected ? colour : "rgb(8 10 13 / 0.85)";
  ink.lineWidth = covered || !connected ? 2 : 1.5;
  if (!connected) ink.setLineDash([3, 3]);
  ink.stroke();
  ink.setLineDash([]);
  ink.beginPath();
  ink.moveTo(0, -radius * 0.78);
  ink.lineTo(radius * 0.42, radius * 0.12);
  ink.lineTo(-radius * 0.42, radius * 0.12);
  ink.closePath();
  ink.fillStyle = covered || !connected ? colour : "rgb(8 10 13 / 0.75)";
  ink.fill();
}

function drawShadow(ink, radius, heightM) {
  const reach = 2 + Math.min(6, heightM * 1.2);
  ink.beginPath();
  ink.arc(reach * 0.55, reach, radius * 1.05, 0, Math.PI * 2);
  ink.fillStyle = "rgb(0 0 0 / 0.4)";
  ink.fill();
}

function drawSight(ink, colour, radius) {
  const reach = radius * 4.2;
  const cone = ink.createRadialGradient(0, 0, radius, 0, 0, reach);
  cone.addColorStop(0, colour);
  cone.addColorStop(1, "transparent");
  ink.save();
  ink.globalAlpha *= 0.3;
  ink.fillStyle = cone;
  ink.beginPath();
  ink.moveTo(0, 0);
  ink.arc(0, 0, reach, -Math.PI / 2 - 0.32, -Math.PI / 2 + 0.32);
  ink.closePath();
  ink.fill();
  ink.restore();
}

function drawMark(ink, radius) {
  ink.globalAlpha = 1;
  ink.strokeStyle = "#ffffff";
  ink.lineWidth = 1.5;
  ink.beginPath();
  ink.arc(0, 0, radius + 5, 0, Math.PI * 2);
  ink.stroke();
}

function drawLabel(ink, { player, entry, at: [x, y] }, radius, camera, isMarked) {
  const small = camera.widthPx < SMALL_PX;
  const width = small ? 20 : 26;
  const barY = y - radius - (small ? 7 : 9);
  const name = shortened(entry.displayName ?? `#${player.simId}`, NAME_LENGTH_MAX);
  ink.font = `${isMarked ? 600 : 500} ${small ? 10 : 12}px ${TYPEFACE}`;
  ink.textAlign = "center";
  ink.textBaseline = "alphabetic";
  ink.lineJoin = "round";
  ink.strokeStyle = "rgb(10 13 17 / 0.75)";
  ink.lineWidth = 3;
  ink.strokeText(name, x, barY - 4);
  ink.fillStyle = INK.text;
  ink.fillText(name, x, barY - 4);
  drawBar(ink, x - width / 2, barY, width, 3, player.health, healthColour(player.health / POINTS_FULL));
  if (player.armour > 0) drawBar(ink, x - width / 2, barY + 4, width, 1.5, player.armour, INK.armour);
}

function drawBar(ink, x, y, width, height, points, colour) {
  ink.fillStyle = "rgb(10 13 17 / 0.75)";
  ink.fillRect(x - 1, y - 1, width + 2, height + 2);
  ink.fillStyle = colour;
  ink.fillRect(x, y, width * Math.min(1, points / POINTS_FULL), height);
}
