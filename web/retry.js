// Decides what follows a failure: which close codes are worth another try, and after how long.

const FIRST_DELAY_MS = 500;
const DELAY_MAX_MS = 5_000;

/** What to do next: `again` the same match, `next` match without this one, or `stop` until someone chooses. */
const CLOSE_RULES = new Map([
  [1000, ["next", "The match has no more to show"]],
  [1001, ["again", "The server is going away"]],
  [1008, ["stop", "The server's policy does not allow watching"]],
  [1013, ["again", "The server is overloaded"]],
  [4000, ["next", "Left the match"]],
  [4001, ["stop", "The server does not let this page watch"]],
  [4002, ["again", "The ticket had expired"]],
  [4003, ["stop", "The match is being watched with this ticket elsewhere"]],
  [4004, ["next", "The match has ended"]],
  [4005, ["stop", "The server has shown this page out"]],
  [4006, ["stop", "The server did not understand this page"]],
  [4007, ["again", "The server asks this page to slow down"]],
  [4008, ["again", "This connection was too slow"]],
  [4009, ["again", "The connection had fallen silent"]],
  [4010, ["again", "The match has moved to another server"]],
  [4011, ["again", "The server is shutting down"]],
  [4012, ["next", "The match has failed"]],
]);

/** The rule and its words for a close code; whatever is unknown means that the server is gone. */
export function ruleForClose(code) {
  const [follow, words] = CLOSE_RULES.get(code) ?? ["again", "Server gone"];
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
