// The list of kills, newest first, each marked when it is final.

import { element, keyed, setAttribute, setText } from "./elements.js";
import { minutes } from "./format.js";
import { colourOf } from "./palette.js";
import { wordOf } from "./protocol.js";

const SHOWN_MAX = 40;

/** Shows the kills of a match in `list`. */
export function showKills(list, match) {
  const newestFirst = match.kills.slice(-SHOWN_MAX).reverse();
  keyed(list, newestFirst, (kill) => kill.key, (kill) => makeKill(kill, match), updateKill);
}

function makeKill(kill, match) {
  const killers = kill.killer === null ? [] : [nameIn(kill.killer)];
  const how = wordOf("zone", kill.zone) === "head" ? `${kill.weapon}, head` : kill.weapon;
  return element(
    "li", {},
    element("time", { text: minutes(Math.floor(kill.tick / match.tickRateHz)), title: `tick ${kill.tick} of epoch ${kill.epoch}` }),
    element("span", { class: "kill" }, ...killers, element("span", { class: "how", text: ` ${how} ` }), nameIn(kill.victim)),
    element("span", { class: "finality" }),
  );
}

function nameIn(somebody) {
  const name = element("b", { text: somebody.name });
  name.style.color = colourOf(somebody);
  return name;
}

function updateKill(item, kill) {
  const state = kill.undone ? "undone" : kill.final ? "final" : "open";
  const words = { undone: "rolled back", final: "final", open: "not final yet" }[state];
  setAttribute(item, "data-state", state);
  setAttribute(item.lastElementChild, "title", words);
  setText(item.lastElementChild, words);
}
