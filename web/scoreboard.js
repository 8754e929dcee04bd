// The table of players: who leads, who lives, how hurt they are.

import { element, keyed, setAttribute, setText } from "./elements.js";
import { colourOf, healthColour } from "./palette.js";
import { FLAG_ALIVE, FLAG_CONNECTED } from "./protocol.js";

const POINTS_FULL = 100;

/** Shows players ranked by kills, then by fewer deaths; a name can be pressed to mark its player on the map. */
export class Scoreboard {
  constructor(body) {
    this.body = body;
    this.marked = null;
  }

  show(players, roster) {
    const ranked = [...players].sort((a, b) => b.kills - a.kills || a.deaths - b.deaths || a.simId - b.simId);
    keyed(this.body, ranked, (player) => player.simId, () => this.#makeRow(), (row, player) => this.#update(row, player, roster));
  }

  clear() {
    this.body.replaceChildren();
  }

  #makeRow() {
    const button = element("button", { type: "button", class: "who" }, element("span", { class: "swatch" }), element("span", { class: "name" }));
    const bar = element("span", { class: "bar" }, element("span", { class: "bar-fill" }));
    const row = element(
      "tr", {},
      element("td", {}, button),
      element("td", { class: "health" }, bar, element("span", { class: "points" })),
      element("td", { class: "number kills-made" }),
      element("td", { class: "number" }),
    );
    button.addEventListener("click", () => {
      const simId = Number(row.dataset.key);
      this.marked = this.marked === simId ? null : simId;
    });
    return row;
  }

  #update(row, player, roster) {
    const entry = roster.get(player.simId) ?? { slot: player.simId, team: 0, displayName: `#${player.simId}` };
    const alive = (player.flags & FLAG_ALIVE) !== 0;
    const [who, health, kills, deaths] = row.children;
    const button = who.firstElementChild;
    const [swatch, name] = button.children;
    swatch.style.background = colourOf(entry);
    setText(name, entry.displayName);
    setAttribute(button, "aria-pressed", this.marked === player.simId);
    setAttribute(button, "title", player.flags & FLAG_CONNECTED ? `Mark ${entry.displayName} on the map` : "Disconnected");
    const fill = health.firstElementChild.firstElementChild;
    const share = alive ? Math.min(1, player.health / POINTS_FULL) : 0;
    fill.style.transform = `scaleX(${share})`;
    fill.style.background = healthColour(share);
    setText(health.lastElementChild, alive ? String(player.health) : "dead");
    setText(kills, String(player.kills));
    setText(deaths, String(player.deaths));
    setAttribute(row, "class", `${alive ? "" : "is-dead"}${player.flags & FLAG_CONNECTED ? "" : " is-away"}`.trim() || null);
    for (const axis of ["x", "y", "z"]) row.dataset[axis] = Math.round(player[axis]);
  }
}
