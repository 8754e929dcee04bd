// Paints the level once per size: lighter the higher, with shadows that tell one storey from the next.

import { heightShade, INK } from "./palette.js";
import { convexHull } from "./polygon.js";

const SHADOW_PER_METRE = 0.32;
const SHADOW_MAX_M = 1.5;
const CONTOUR_EVERY_M = 0.5;
const GRID_M = 5;

/** A canvas of the camera's size holding the level. */
export function paintRelief(level, camera, pixelRatio) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(camera.widthPx * pixelRatio);
  canvas.height = Math.round(camera.heightPx * pixelRatio);
  const ink = canvas.getContext("2d");
  ink.scale(pixelRatio, pixelRatio);
  ink.fillStyle = INK.background;
  ink.fillRect(0, 0, camera.widthPx, camera.heightPx);
  clipTo(ink, level.extent, camera);
  let gridPainted = false;
  for (const storey of storeysOf(level.solids)) {
    if (!gridPainted && storey[0].top > level.floorM + 0.05) {
      paintGrid(ink, level, camera);
      gridPainted = true;
    }
    for (const solid of storey) paintShadow(ink, solid, level.floorM, camera);
    for (const solid of storey) paintSolid(ink, solid, level.floorM, camera);
  }
  return canvas;
}

/** Solids by equal height, lowest first: neighbours of one height cast no shadow on each other. */
function storeysOf(solids) {
  const storeys = [];
  for (const solid of solids) {
    if (storeys.at(-1)?.[0].top === solid.top) storeys.at(-1).push(solid);
    else storeys.push([solid]);
  }
  return storeys;
}

function clipTo(ink, extent, camera) {
  const [left, top] = camera.at(extent.x[0], extent.z[0]);
  const [right, bottom] = camera.at(extent.x[1], extent.z[1]);
  ink.beginPath();
  ink.rect(left, top, right - left, bottom - top);
  ink.clip();
}

const riseOf = (solid, floorM) => solid.top - Math.max(solid.bottom, floorM);

function paintSolid(ink, solid, floorM, camera) {
  for (const face of solid.faces) paintFace(ink, face, floorM, camera);
  if (riseOf(solid, floorM) <= 0.05) return;
  trace(ink, solid.outline, camera);
  ink.strokeStyle = "rgb(255 255 255 / 0.09)";
  ink.lineWidth = 1;
  ink.stroke();
}

function paintShadow(ink, solid, floorM, camera) {
  const rise = riseOf(solid, floorM);
  if (rise <= 0.05) return;
  const reach = Math.min(SHADOW_MAX_M, rise * SHADOW_PER_METRE);
  const cast = solid.outline.map(([x, z]) => [x + reach * 0.55, z + reach]);
  trace(ink, convexHull([...solid.outline, ...cast]), camera);
  ink.fillStyle = "rgb(0 0 0 / 0.34)";
  ink.fill();
}

function paintFace(ink, face, floorM, camera) {
  trace(ink, face.polygon, camera);
  if (!face.downhill) {
    ink.fillStyle = heightShade(face.high - floorM);
    ink.fill();
    return;
  }
  ink.fillStyle = slopeShade(ink, face, floorM, camera);
  ink.fill();
  paintContours(ink, face, camera);
}

/** The span of a sloping face along its fall: from the highest to the lowest point. */
function fallLine({ polygon, downhill: [x, z] }) {
  const along = polygon.map((corner) => corner[0] * x + corner[1] * z);
  const middle = polygon.reduce(([a, b], corner) => [a + corner[0] / polygon.length, b + corner[1] / polygon.length], [0, 0]);
  const middleAlong = middle[0] * x + middle[1] * z;
  const point = (value) => [middle[0] + (value - middleAlong) * x, middle[1] + (value - middleAlong) * z];
  return [point(Math.min(...along)), point(Math.max(...along))];
}

function slopeShade(ink, face, floorM, camera) {
  const [upper, lower] = fallLine(face).map(([x, z]) => camera.at(x, z));
  const gradient = ink.createLinearGradient(...upper, ...lower);
  for (let stop = 0; stop <= 1; stop += 0.25) {
    gradient.addColorStop(stop, heightShade(face.high + (face.low - face.high) * stop - floorM));
  }
  return gradient;
}

function paintContours(ink, face, camera) {
  const [upper, lower] = fallLine(face);
  const steps = Math.floor((face.high - face.low) / CONTOUR_EVERY_M);
  const [x, z] = face.downhill;
  ink.save();
  ink.clip();
  ink.strokeStyle = "rgb(255 255 255 / 0.10)";
  ink.lineWidth = 1;
  for (let step = 1; step <= steps; step += 1) {
    const share = (step * CONTOUR_EVERY_M) / (face.high - face.low);
    const middle = [upper[0] + (lower[0] - upper[0]) * share, upper[1] + (lower[1] - upper[1]) * share];
    ink.beginPath();
    ink.moveTo(...camera.at(middle[0] - z * 100, middle[1] + x * 100));
    ink.lineTo(...camera.at(middle[0] + z * 100, middle[1] - x * 100));
    ink.stroke();
  }
  ink.restore();
}

function paintGrid(ink, level, camera) {
  const [west, east] = level.extent.x;
  const [north, south] = level.extent.z;
  ink.beginPath();
  for (let x = Math.ceil(west / GRID_M) * GRID_M; x <= east; x += GRID_M) {
    ink.moveTo(...camera.at(x, north));
    ink.lineTo(...camera.at(x, south));
  }
  for (let z = Math.ceil(north / GRID_M) * GRID_M; z <= south; z += GRID_M) {
    ink.moveTo(...camera.at(west, z));
    ink.lineTo(...camera.at(east, z));
  }
  ink.strokeStyle = "rgb(255 255 255 / 0.035)";
  ink.lineWidth = 1;
  ink.stroke();
}

function trace(ink, polygon, camera) {
  ink.beginPath();
  polygon.forEach(([x, z], index) => {
    const point = camera.at(x, z);
    if (index === 0) ink.moveTo(...point);
    else ink.lineTo(...point);
  });
  ink.closePath();
}
