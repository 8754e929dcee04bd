// The colours and the typeface of the canvas, and which player has which colour.

const PLAYERS = [
  "#6cb6ff", "#ff8f6b", "#7ddc8a", "#ffd166", "#c79bff", "#5fd8d0",
  "#ff7fae", "#b8d45a", "#f4f1ea", "#9aa8ff", "#e0a06a", "#8fd0ff",
];
const TEAMS = [null, ["#5aa9ff", "#8cc6ff", "#3d86d8", "#a9d4ff"], ["#ff8a5c", "#ffae8c", "#dd6a3d", "#ffc6ad"]];

export const TYPEFACE = '"Inter", -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif';

export const INK = { background: "#0d1014", text: "#dfe5ec", armour: "#8fb4d8" };
export const HEALTH = { good: "#d9e2ea", low: "#e5b454", critical: "#ec6a5e" };

/** A player's colour: by team where there are two, otherwise by slot. */
export function colourOf({ slot, team }) {
  const shades = TEAMS[team];
  if (shades) return shades[slot % shades.length];
  if (slot < PLAYERS.length) return PLAYERS[slot];
  return `hsl(${(slot * 137.5) % 360} 65% 70%)`;
}

/** The first of a team's colours, or null for a team that has none. */
export const teamColour = (team) => TEAMS[team]?.[0] ?? null;

/** The colour of a health bar for a share of 0 to 1. */
export function healthColour(share) {
  if (share > 0.5) return HEALTH.good;
  return share > 0.25 ? HEALTH.low : HEALTH.critical;
}

const HEIGHT_STOPS = [
  [-3, [13, 16, 21]],
  [0, [24, 30, 38]],
  [0.6, [31, 39, 49]],
  [2, [43, 54, 67]],
  [4, [58, 72, 88]],
  [7, [84, 98, 113]],
];

/** The shade of a surface by its height above the floor in metres: the higher, the lighter. */
export function heightShade(metres) {
  const last = HEIGHT_STOPS.length - 1;
  let index = 0;
  while (index < last - 1 && metres > HEIGHT_STOPS[index + 1][0]) index += 1;
  const [low, from] = HEIGHT_STOPS[index];
  const [high, to] = HEIGHT_STOPS[index + 1];
  const share = Math.min(1, Math.max(0, (metres - low) / (high - low)));
  return `rgb(${from.map((value, channel) => Math.round(value + (to[channel] - value) * share)).join(" ")})`;
}
