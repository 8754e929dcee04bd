// Views: snapshots, deltas and their hash.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "../../web/crc32.js";
import { viewAfterDelta, viewFromSnapshot, viewHash } from "../../web/view.js";

const player = (simId, changes = {}) => ({
  simId, x: 0, y: 0, z: 0, yaw: 0, pitch: 0, health: 100, armour: 0, flags: 3, kills: 0, deaths: 0, ...changes,
});
const entry = (simId) => ({ simId, slot: simId, team: 0, displayName: `P${simId}`, bot: true });

function snapshot(players, changes = {}) {
  const bare = { epoch: 1, tick: 32, status: 2, phaseEndsAt: 900, roster: players.map(({ simId }) => entry(simId)), players };
  return { ...bare, viewHash: viewHash({ players: new Map(players.map((one) => [one.simId, one])) }), ...changes };
}

const delta = (changes) => ({
  epoch: 1, tick: 40, baseTick: 32, status: 2, phaseEndsAt: 900, joined: [], left: [], changed: [], shots: [], viewHash: null, ...changes,
});

test("CRC-32 has its standard check value", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
});

test("the view hash covers eleven little-endian fields in simId order", () => {
  const players = new Map([[9, player(9)], [2, player(2, { x: -1 })]]);
  const bytes = [];
  for (const one of [[2, -1, 0, 0, 0, 0, 100, 0, 3, 0, 0], [9, 0, 0, 0, 0, 0, 100, 0, 3, 0, 0]]) {
    for (const value of one) bytes.push(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff);
  }
  assert.equal(viewHash({ players }), crc32(Uint8Array.from(bytes)));
});

test("a delta changes, adds and removes players and leaves the older view as it was", () => {
  const before = viewFromSnapshot(snapshot([player(1), player(2)]));
  const { simId, ...whole } = player(3, { x: 5 });
  const after = viewAfterDelta(before, delta({
    joined: [entry(3)], left: [2], changed: [{ simId: 1, mask: 1, fields: { x: 77 } }, { simId, mask: 1023, fields: whole }],
  }));
  assert.deepEqual([...after.players.keys()], [1, 3]);
  assert.equal(after.players.get(1).x, 77);
  assert.equal(after.players.get(1).health, 100);
  assert.equal(after.roster.get(3).displayName, "P3");
  assert.equal(after.tick, 40);
  assert.equal(before.players.get(1).x, 0);
  assert.ok(before.players.has(2));
});

test("a snapshot without a roster keeps the names that were told, and shows nobody without one", () => {
  const held = viewFromSnapshot(snapshot([player(1), player(2)]));
  const later = viewFromSnapshot(snapshot([player(1), player(2)], { tick: 96, roster: null }), held);
  assert.equal(later.tick, 96);
  assert.equal(later.roster.get(2).displayName, "P2");
  const stranger = snapshot([player(1), player(3)], { roster: null });
  assert.throws(() => viewFromSnapshot(stranger, held), /player 3 is in no roster/);
  assert.throws(() => viewFromSnapshot(stranger), /player 1 is in no roster/);
});

test("a delta on another base, epoch or an incomplete new player is refused", () => {
  const held = viewFromSnapshot(snapshot([player(1)]));
  assert.throws(() => viewAfterDelta(held, delta({ baseTick: 24 })), /builds on tick 24/);
  assert.throws(() => viewAfterDelta(held, delta({ epoch: 2 })), /of epoch 2/);
  assert.throws(() => viewAfterDelta(held, delta({ changed: [{ simId: 5, mask: 1, fields: { x: 1 } }] })), /player 5 is new/);
});

test("a wrong view hash is found, in snapshots and deltas", () => {
  assert.throws(() => viewFromSnapshot(snapshot([player(1)], { viewHash: 1 })), /the server says 1/);
  const held = viewFromSnapshot(snapshot([player(1)]));
  const moved = { ...held, players: new Map([[1, player(1, { z: -8 })]]) };
  const changed = [{ simId: 1, mask: 4, fields: { z: -8 } }];
  assert.equal(viewAfterDelta(held, delta({ changed, viewHash: viewHash(moved) })).players.get(1).z, -8);
  assert.throws(() => viewAfterDelta(held, delta({ changed, viewHash: viewHash(held) })), /hashes to/);
});
