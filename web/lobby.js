// The list of matches as the server tells it, asked for again and again while the page is open.

const OVER = new Set(["ended", "failed"]);
const REFRESH_EVERY_MS = 4_000;

/** Holds the sessions, newest first; `refresh` throws `RequestFailed` when the server does not answer. */
export class Lobby {
  constructor(listSessions, onChange) {
    this.listSessions = listSessions;
    this.onChange = onChange;
    this.sessions = [];
    this.total = 0;
    this.loaded = false;
  }

  get live() {
    return this.sessions.filter(isLive);
  }

  get over() {
    return this.sessions.filter((session) => !isLive(session));
  }

  find(sessionId) {
    return this.sessions.find((session) => session.id === sessionId);
  }

  async refresh() {
    const { sessions, total } = await this.listSessions();
    this.sessions = [...sessions].sort(newestFirst);
    this.total = total ?? sessions.length;
    this.loaded = true;
    this.onChange();
  }

  /** Keeps the list fresh while a match is watched; a failure is the connection's to notice. */
  refreshWhile(watching) {
    const timer = setInterval(() => {
      if (!document.hidden) this.refresh().catch(() => {});
    }, REFRESH_EVERY_MS);
    return watching.finally(() => clearInterval(timer));
  }
}

export const isLive = (session) => !OVER.has(session.status);

/** The live match to show when nobody has chosen: where somebody fights before where nobody can, newer before older. */
export function newestLive(sessions, avoided) {
  const open = sessions.filter((session) => isLive(session) && !avoided.has(session.id));
  return open.sort((a, b) => Number(b.playerCount > 1) - Number(a.playerCount > 1) || newestFirst(a, b))[0];
}

function newestFirst(a, b) {
  return Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.id < b.id ? 1 : -1);
}
