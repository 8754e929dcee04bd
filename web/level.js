// The level as it is seen from above: the solids' faces in the order they are painted.

import { areaOf, contains, convexHull, upwardFaces } from "./polygon.js";

const OVERHANG_M = 1.2;
const ROOF_SHARE = 0.5;
const ROOF_ABOVE_M = 2;
const HULL_POINTS_MAX = 64;

/** The body of `GET /maps/{mapId}` → `{floorM, extent, solids}`; a solid has `outline`, `faces`, `bottom`, `top`. */
export function levelFromMap(map) {
  const built = map.solids.map((solid) => (solid.kind === "hull" ? hull(solid) : cuboid(solid)));
  const ground = built.reduce((widest, solid) => (solid.area > widest.area ? solid : widest), { area: 0, top: 0 });
  const isRoof = (solid) => solid.bottom > ground.top + ROOF_ABOVE_M && solid.area > ground.area * ROOF_SHARE;
  const solids = built.filter((solid) => !isRoof(solid)).sort((a, b) => a.top - b.top);
  return { floorM: ground.top, extent: extentOf(solids, map.bounds), solids };
}

/** Whether something of the level hangs over a point `[x, z]` at height `y`, in metres. */
export function isCovered(level, [x, z], y) {
  return level.solids.some((solid) => solid.bottom > y + OVERHANG_M && contains(solid.outline, [x, z]));
}

function cuboid({ center: [x, y, z], size: [width, height, depth], yawDeg = 0 }) {
  const turn = (yawDeg * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const corner = (alongX, alongZ) => [x + alongX * cos + alongZ * sin, z - alongX * sin + alongZ * cos];
  const [w, d] = [width / 2, depth / 2];
  const outline = convexHull([corner(-w, -d), corner(w, -d), corner(w, d), corner(-w, d)]);
  const top = y + height / 2;
  return { outline, area: areaOf(outline), bottom: y - height / 2, top, faces: [{ polygon: outline, low: top, high: top, downhill: null }] };
}

function hull({ points }) {
  const heights = points.map((point) => point[1]);
  const outline = convexHull(points.map(([x, , z]) => [x, z]));
  return {
    outline,
    area: areaOf(outline),
    bottom: Math.min(...heights),
    top: Math.max(...heights),
    faces: upwardFaces(points.slice(0, HULL_POINTS_MAX)).sort((a, b) => a.high - b.high),
  };
}

function extentOf(solids, bounds) {
  const corners = solids.flatMap((solid) => solid.outline);
  const range = (axis, boundsAxis) => {
    const values = corners.map((corner) => corner[axis]);
    return [
      Math.max(bounds.min[boundsAxis], Math.min(...values)),
      Math.min(bounds.max[boundsAxis], Math.max(...values)),
    ];
  };
  if (corners.length === 0) return { x: [bounds.min[0], bounds.max[0]], z: [bounds.min[2], bounds.max[2]] };
  return { x: range(0, 0), z: range(1, 2) };
}
