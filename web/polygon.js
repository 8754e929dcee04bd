// Plane geometry for the level: hulls of points and whether a point lies inside.

/** The convex hull of `[x, z]` points, without its collinear points. */
export function convexHull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const chain = (ordered) => {
    const hull = [];
    for (const point of ordered) {
      while (hull.length >= 2 && side(hull.at(-2), hull.at(-1), point) <= 1e-9) hull.pop();
      hull.push(point);
    }
    return hull.slice(0, -1);
  };
  return [...chain(sorted), ...chain(sorted.reverse())];
}

/** Whether `[x, z]` lies in a convex polygon. */
export function contains(polygon, point) {
  return polygon.every((corner, index) => side(corner, polygon[(index + 1) % polygon.length], point) >= 0);
}

/** The area of a convex polygon. */
export function areaOf(polygon) {
  let doubled = 0;
  for (let index = 1; index + 1 < polygon.length; index += 1) doubled += side(polygon[0], polygon[index], polygon[index + 1]);
  return Math.abs(doubled) / 2;
}

const side = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

/** The faces of the convex hull of `[x, y, z]` points that look up: `{polygon, low, high, downhill}`. */
export function upwardFaces(points) {
  const faces = new Map();
  for (let i = 0; i < points.length; i += 1) {
    for (let j = i + 1; j < points.length; j += 1) {
      for (let k = j + 1; k < points.length; k += 1) {
        const plane = upperPlane(points, points[i], points[j], points[k]);
        if (plane) faces.set(plane.key, plane);
      }
    }
  }
  return [...faces.values()].map(({ normal, offset }) => {
    const onPlane = points.filter((point) => Math.abs(dot(normal, point) - offset) < 1e-4);
    const heights = onPlane.map((point) => point[1]);
    const steepness = Math.hypot(normal[0], normal[2]);
    return {
      polygon: convexHull(onPlane.map(([x, , z]) => [x, z])),
      low: Math.min(...heights),
      high: Math.max(...heights),
      downhill: steepness > 1e-4 ? [normal[0] / steepness, normal[2] / steepness] : null,
    };
  });
}

function upperPlane(points, a, b, c) {
  const cross = crossProduct(minus(b, a), minus(c, a));
  const length = Math.hypot(...cross);
  if (length < 1e-9) return null;
  const sign = Math.sign(cross[1]);
  const normal = cross.map((value) => (value * sign) / length);
  if (sign === 0 || normal[1] < 0.05) return null;
  const offset = dot(normal, a);
  if (points.some((point) => dot(normal, point) - offset > 1e-4)) return null;
  return { normal, offset, key: normal.map((value) => value.toFixed(3)).join() };
}

const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const crossProduct = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
