// Where a point of the level lies on the canvas.

const MARGIN_PX = 14;

/** Fits an extent in metres into a canvas in CSS pixels, north (−z) up, centred. */
export function fitCamera(extent, widthPx, heightPx) {
  const [west, east] = extent.x;
  const [north, south] = extent.z;
  const pixelsPerMetre = Math.max(
    0.1,
    Math.min((widthPx - 2 * MARGIN_PX) / (east - west), (heightPx - 2 * MARGIN_PX) / (south - north)),
  );
  const left = (widthPx - (east - west) * pixelsPerMetre) / 2;
  const top = (heightPx - (south - north) * pixelsPerMetre) / 2;
  return {
    pixelsPerMetre,
    widthPx,
    heightPx,
    marginPx: { right: left, bottom: top },
    at: (x, z) => [left + (x - west) * pixelsPerMetre, top + (z - north) * pixelsPerMetre],
    atMm: (x, z) => [left + (x / 1000 - west) * pixelsPerMetre, top + (z / 1000 - north) * pixelsPerMetre],
  };
}
