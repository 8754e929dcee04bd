// Asks the REST API for matches, tickets and maps.

const BASE = "/api/v1/combat";
const PATIENCE_MS = 5_000;

/** A failed request; `status` is 0 when nobody answered. */
export class RequestFailed extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export const listSessions = () => request("GET", "/sessions?status=all");
export const spectate = (sessionId) => request("POST", `/sessions/${encodeURIComponent(sessionId)}/spectate`, {});
export const getMap = (mapId) => request("GET", `/maps/${encodeURIComponent(mapId)}`);
export const listMaps = () => request("GET", "/maps");

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      headers: body ? { "content-type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new RequestFailed(0, "nobody answered");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new RequestFailed(response.status, answer?.detail ?? answer?.title ?? "");
  if (answer === null) throw new RequestFailed(response.status, "the answer is not JSON");
  return answer;
}
