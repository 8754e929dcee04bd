// The view of a match at one tick: applies snapshots and deltas and computes the view hash.

import { crc32 } from "./crc32.js";
import { FULL_MASK, PLAYER_FIELDS } from "./protocol.js";

/** A frame that does not fit the view the page holds; only a snapshot helps. */
export class ViewMismatch extends Error {}

/**
 * A snapshot → a view `{epoch, tick, status, phaseEndsAt, roster, players}`, both maps by `simId`. One without a roster is
 * for whoever has been told everybody already: it goes on from `held`.
 */
export function viewFromSnapshot(snapshot, held = null) {
  const roster = snapshot.roster ? new Map(snapshot.roster.map((entry) => [entry.simId, entry])) : held?.roster ?? new Map();
  const nameless = snapshot.players.find(({ simId }) => !roster.has(simId));
  if (nameless) throw new ViewMismatch(`player ${nameless.simId} is in no roster`);
  const view = {
    epoch: snapshot.epoch,
    tick: snapshot.tick,
    status: snapshot.status,
    phaseEndsAt: snapshot.phaseEndsAt,
    roster,
    players: new Map(snapshot.players.map((player) => [player.simId, player])),
  };
  compareHash(view, snapshot.viewHash);
  return view;
}

/** The view after a delta; `view` itself stays as it was, so that older frames can still be drawn. */
export function viewAfterDelta(view, delta) {
  if (view.epoch !== delta.epoch || view.tick !== delta.baseTick) {
    throw new ViewMismatch(
      `the delta builds on tick ${delta.baseTick} of epoch ${delta.epoch}, held is tick ${view.tick} of epoch ${view.epoch}`,
    );
  }
  const roster = new Map(view.roster);
  const players = new Map(view.players);
  for (const simId of delta.left) {
    roster.delete(simId);
    players.delete(simId);
  }
  for (const entry of delta.joined) roster.set(entry.simId, entry);
  for (const { simId, mask, fields } of delta.changed) {
    const held = players.get(simId);
    if (!held && mask !== FULL_MASK) throw new ViewMismatch(`player ${simId} is new but not complete`);
    players.set(simId, { simId, ...held, ...fields });
  }
  const { epoch, tick, status, phaseEndsAt } = delta;
  const next = { epoch, tick, status, phaseEndsAt, roster, players };
  if (delta.viewHash !== null) compareHash(next, delta.viewHash);
  return next;
}

/** CRC-32 over each player's eleven fields as 32-bit little-endian integers, in `simId` order. */
export function viewHash(view) {
  const ids = [...view.players.keys()].sort((a, b) => a - b);
  const data = new DataView(new ArrayBuffer(ids.length * PLAYER_FIELDS.length * 4));
  let at = 0;
  for (const id of ids) {
    const player = view.players.get(id);
    for (const name of PLAYER_FIELDS) {
      data.setInt32(at, player[name], true);
      at += 4;
    }
  }
  return crc32(new Uint8Array(data.buffer));
}

function compareHash(view, expected) {
  const found = viewHash(view);
  if (found !== expected) {
    throw new ViewMismatch(`the view at tick ${view.tick} hashes to ${found}, the server says ${expected}`);
  }
}
