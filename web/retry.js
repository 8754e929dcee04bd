// Decides what follows a failure: which close codes are worth another try, and after how long.

import { closeName } from "./protocol.js";

const FIRST_DELAY_MS = 500;
const DELAY_MAX_MS = 5_000;

/** What to do next: `again` the same match, `next` match without this one, or `stop` until someone chooses. */
const CLOSE_RULES = {
  done: ["next", "The match has no more to show"],
  going_away: ["again", "The server is going away"],
  policy: ["stop", "The server's policy does not allow watching"],
  overloaded: ["again", "The server is overloaded"],
  left: ["next", "Left the match"],
  unauthorised: ["stop", "The server does not let this page watch"],
  ticket_expired: ["again", "The ticket had expired"],
  superseded: ["stop", "The match is being watched with this ticket elsewhere"],
  session_ended: ["next", "The match has ended"],
  kicked: ["stop", "The server has shown this page out"],
  protocol_error: ["stop", "The server did not understand this page"],
  rate_limited: ["again", "The server asks this page to slow down"],
  too_slow: ["again", "This connection was too slow"],
  idle: ["again", "The connection had fallen silent"],
  moved: ["again", "The match has moved to another server"],
  draining: ["again", "The server is shutting down"],
  session_failed: ["next", "The match has failed"],
};

/** The rule and its words for a close code; whatever is unknown means that the server is gone. */
export function ruleForClose(code) {
  const [follow, words] = CLOSE_RULES[closeName(code)] ?? ["again", "Server gone"];
  return { follow, words };
}

/** The rule for a failed request, by its HTTP status; 0 means that nobody answered. */
export function ruleForStatus(status, detail) {
  if (status === 0) return { follow: "again", words: "Server gone" };
  if (status === 401 || status === 403) {
    return { follow: "again", words: "The server wants a token; without one it shows matches in development only" };
  }
  if (status === 404 || status === 409) return { follow: "next", words: "The match has just ended" };
  if (status === 429) return { follow: "again", words: "The server asks this page to slow down" };
  return { follow: "again", words: detail || `The server answered ${status}` };
}

/** Doubles from half a second up to five; between half and all of it, so that pages do not return in step. */
export function retryDelayMs(attempt, random) {
  const full = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full * (0.5 + 0.5 * random));
}
