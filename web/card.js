// The card over the picture: how a match ended, or how to start one when there is none.

import { element } from "./elements.js";
import { teamColour } from "./palette.js";

const RESULT_SHOWN_MS = 12_000;

/** Shows at most one card in `holder`; `listMaps` is asked once, for the example. */
export class Card {
  constructor(holder, listMaps) {
    this.holder = holder;
    this.listMaps = listMaps;
    this.shown = null;
  }

  /** Chooses the card for the state of things; `hasPicture` tells whether a match is still drawn behind it. */
  show({ match, director, nowMs }) {
    const idleMs = nowMs - director.sinceMs;
    const over = match?.end ?? null;
    if (over && (director.phase !== "empty" || idleMs < RESULT_SHOWN_MS)) {
      return this.#put(`end ${match.sessionId}`, () => endCard(match));
    }
    if (director.phase === "empty") return this.#put("empty", () => this.#emptyCard());
    if (!match && director.phase !== "live") return this.#put(`plain ${director.phase}`, () => plainCard(director));
    return this.#put(null, null);
  }

  #put(key, make) {
    if (this.shown === key) return;
    this.shown = key;
    this.holder.hidden = key === null;
    this.holder.replaceChildren(...(make ? make() : []));
  }

  #emptyCard() {
    const command = element("pre", { tabindex: "0", "aria-label": "Command to create a match", text: createCommand("arena", 10) });
    this.listMaps()
      .then(({ maps }) => {
        const largest = [...maps].sort((a, b) => b.maxPlayers - a.maxPlayers)[0];
        if (largest) command.textContent = createCommand(largest.mapId, Math.min(10, largest.maxPlayers));
      })
      .catch(() => {});
    return [
      element("h2", { text: "No live match" }),
      element("p", { text: "As soon as there is one, it is shown here. The demo plays matches of ten bots back to back:" }),
      element("pre", { tabindex: "0", "aria-label": "Command to start the demo", text: "ENVIRONMENT=development combat serve --demo" }),
      element("p", { text: "Or create one on this server:" }),
      command,
    ];
  }
}

function createCommand(mapId, bots) {
  return `curl ${location.origin}/api/v1/combat/sessions \\
  -H "authorization: Bearer $(combat token --role service --sub me | tail -1)" \\
  -H 'content-type: application/json' \\
  -d '{"name": "First match", "mapId": "${mapId}", "gameMode": "deathmatch",
       "maxPlayers": ${bots}, "options": {"bots": ${bots}}}'`;
}

function endCard(match) {
  const { winner } = match;
  return [
    element("p", { class: "card-over", text: `Match over: ${match.end.reason}` }),
    winner === null ? element("h2", { text: "A draw" }) : element("h2", {}, nameOf(winner), " wins"),
    element("p", { text: "The next match is shown as soon as there is one." }),
  ];
}

/** In the colour of a team, by which the page tells it from others. */
function nameOf({ name, team }) {
  const shown = element("bdi", { text: name });
  shown.style.color = teamColour(team) ?? "";
  return shown;
}

function plainCard(director) {
  const words = {
    waiting: ["The server does not answer", "This page comes back by itself as soon as it does."],
    stopped: ["Not watching", `${director.words}. Choose a match in the list to try again.`],
    joining: ["Joining the match", "The first picture comes as soon as the spectators' delay allows."],
  }[director.phase] ?? ["Looking for a match", ""];
  return [element("h2", { text: words[0] }), element("p", { text: words[1] })];
}
