// Messages by name: fixed arity, checked fields, events by kind.

import assert from "node:assert/strict";
import { test } from "node:test";
import { happening, parseMessage, sayPing, saySeen } from "../../web/protocol.js";
import { decode } from "../../web/msgpack.js";
import WIRE from "../../web/wire.js";
import { encode } from "./encode.mjs";

const PLAYER = [7, -100, 0, 250, 16384, -5, 100, 50, 3, 2, 1];

test("a delta is read by name, a change by its mask", () => {
  const message = parseMessage(encode([
    18, 1, 24, 16, 2, null, [[7, 0, 1, "Ada", false]], [3], [[7, 0b10001, -40, -9]], [[7, 1, 2, 3, 4, 5, 6, null]], null,
  ]));
  assert.equal(message.type, "delta");
  assert.equal(message.baseTick, 16);
  assert.deepEqual(message.joined[0], { simId: 7, slot: 0, team: 1, displayName: "Ada", bot: false });
  assert.deepEqual(message.changed, [{ simId: 7, mask: 17, fields: { x: -40, pitch: -9 } }]);
  assert.equal(message.shots[0].struck, null);
});

test("a snapshot inside a welcome is read with its players", () => {
  const snapshot = [1, 8, 1, 640, [[7, 0, 0, "Ada", false]], [PLAYER], 123];
  const welcome = [
    16, "id", "spectator", null, null, 128, 16, 1, 8, 4, "journal", 3000, "arena", "ab", "default", "cd", ["rifle"], ["dash"], 0, [2, 8, 1, 40], snapshot, null, WIRE.draft,
  ];
  const message = parseMessage(encode(welcome));
  assert.equal(message.snapshot.players[0].yaw, 16384);
  assert.deepEqual(message.resumed, { epoch: 2, tick: 8, rolledBackFromEpoch: 1, rolledBackFromTick: 40 });
  assert.throws(() => parseMessage(encode([...welcome, 1])), /expected 22 fields/);
});

test("a welcome of another draft is refused with both numbers", () => {
  const snapshot = [1, 8, 1, 640, [], [], 0];
  const welcome = [
    16, "id", "spectator", null, null, 128, 16, 1, 8, 4, "journal", 3000, "arena", "ab", "default", "cd", [], [], 0, null, snapshot, null, WIRE.draft + 1,
  ];
  assert.throws(() => parseMessage(encode(welcome)), new RegExp(`draft ${WIRE.draft + 1}, this page draft ${WIRE.draft}`));
});

test("wrong arity, wrong kinds and unknown types are refused", () => {
  assert.throws(() => parseMessage(encode([21, 1, 2])), /expected 5 fields/);
  assert.throws(() => parseMessage(encode([21, 1, 2, 3, 4, -1])), /rttMs is -1/);
  assert.throws(() => parseMessage(encode([19, 1])), /no message of type 19/);
  assert.throws(() => parseMessage(encode(16)), /expected an array/);
  const change = (row) => parseMessage(encode([18, 1, 24, 16, 2, null, [], [], [row], [], null]));
  assert.throws(() => change([7, 1]), /what its mask says/);
  assert.throws(() => change([7, 1, 5, 6]), /what its mask says/);
  assert.throws(() => change([7, 2048, 5]), /without id or mask/);
});

test("events have their words, and unknown kinds none", () => {
  const event = parseMessage(encode([20, 1, 99, 2, [4, 5, 0, 1], []]));
  assert.deepEqual(happening(event), { what: "killed", victim: 4, killer: 5, cause: 0, zone: 1 });
  assert.deepEqual(happening({ kind: 4, ints: [0, null, null], texts: [] }), { what: "ended", reason: 0, winner: null, winningTeam: null });
  assert.deepEqual(happening({ kind: 4, ints: [1, null, 2], texts: [] }), { what: "ended", reason: 1, winner: null, winningTeam: 2 });
  assert.deepEqual(happening({ kind: 7, ints: [1, 96], texts: [] }), { what: "durable", epoch: 1, tick: 96 });
  assert.equal(happening({ kind: 200, ints: [], texts: [] }), null);
});

test("an event that does not hold exactly what its kind tells is refused", () => {
  const ended = (ints, texts = []) => happening({ kind: 4, ints, texts });
  assert.throws(() => ended([1, 2]), /expected 3 fields \(reason …\), found 2/);
  assert.throws(() => ended([1, 2, null, 4]), /expected 3 fields/);
  assert.throws(() => ended([null, 2, null]), /reason is null/);
  assert.throws(() => ended([1, 2, 256]), /winningTeam is 256/);
  assert.throws(() => ended([1, 2, null], ["Ann"]), /expected 0 fields/);
  assert.throws(() => parseMessage(encode([20, 1, 99, 200, ["x"], []])), /ints is "x"/);
  assert.deepEqual(happening(parseMessage(encode([20, 1, 99, 200, [null, -7], ["x"]]))), null);
});

test("ping and seen have the contract's numbers", () => {
  assert.deepEqual(decode(sayPing(9)), [4, 9]);
  assert.deepEqual(decode(saySeen(2, 70000)), [3, 2, 70000]);
});
