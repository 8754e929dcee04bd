// How numbers, times and durations are written, the same everywhere.

const COUNT = new Intl.NumberFormat("en-GB");
const CHARACTERS = new Intl.Segmenter("en", { granularity: "grapheme" });
const SHORTENED_KEPT = 256;
const shortenedNames = new Map();
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export const count = (number) => COUNT.format(number);
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
export const clock = (iso) => CLOCK.format(new Date(iso));

/** Minutes and seconds: 2:05. */
export function minutes(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A round trip or delay: 0.4 ms, 12 ms, 3.0 s. */
export function milliseconds(value) {
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)} s`;
  return value < 9.95 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

/** The first characters of a name as its reader counts them: no letter loses its marks, no family a member. */
export function shortened(name, charactersMax) {
  if (name.length <= charactersMax) return name;
  let short = shortenedNames.get(name);
  if (short === undefined) {
    if (shortenedNames.size >= SHORTENED_KEPT) shortenedNames.clear();
    short = [...CHARACTERS.segment(name)].slice(0, charactersMax).map(({ segment }) => segment).join("");
    shortenedNames.set(name, short);
  }
  return short;
}
