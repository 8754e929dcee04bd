// The level from above, and when to try again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isCovered, levelFromMap } from "../../web/level.js";
import { retryDelayMs, ruleForClose, ruleForStatus } from "../../web/retry.js";
import { newestLive } from "../../web/lobby.js";
import WIRE from "../../web/wire.js";

const cuboid = (center, size, yawDeg = 0) => ({ kind: "cuboid", center, size, yawDeg });
const map = (...solids) => ({ bounds: { min: [-20, -2, -20], max: [20, 9, 20] }, solids, spawns: [] });
const FLOOR = cuboid([0, -0.5, 0], [40, 1, 30]);

test("a ramp has one sloping face that knows which way is down", () => {
  const points = [[0, 0, 0], [0, 0, 4], [8, 0, 0], [8, 0, 4], [8, 3, 0], [8, 3, 4]];
  const level = levelFromMap(map(FLOOR, { kind: "hull", points }));
  const ramp = level.solids.find((solid) => solid.top === 3);
  assert.equal(ramp.faces.length, 1);
  assert.deepEqual([ramp.faces[0].low, ramp.faces[0].high], [0, 3]);
  assert.ok(ramp.faces[0].downhill[0] < -0.99);
  assert.equal(ramp.outline.length, 4);
});

test("the floor is the widest solid, roofs are left out, the extent fits the solids", () => {
  const level = levelFromMap(map(FLOOR, cuboid([0, 6, 0], [40, 0.5, 30]), cuboid([0, 3, 0], [10, 0.5, 6])));
  assert.equal(level.floorM, 0);
  assert.equal(level.solids.length, 2);
  assert.deepEqual(level.extent, { x: [-20, 20], z: [-15, 15] });
});

test("who stands beneath a gallery is covered, who stands on it is not", () => {
  const level = levelFromMap(map(FLOOR, cuboid([0, 3, 0], [10, 0.5, 6])));
  assert.equal(isCovered(level, [1, 1], 0), true);
  assert.equal(isCovered(level, [1, 1], 3.25), false);
  assert.equal(isCovered(level, [8, 1], 0), false);
});

test("a cuboid turns left when its yaw is positive", () => {
  const level = levelFromMap(map(FLOOR, cuboid([0, 1, 0], [1, 2, 10], 45)));
  const turned = level.solids.find((solid) => solid.top === 2);
  const northmost = turned.outline.reduce((a, b) => (b[1] < a[1] ? b : a));
  assert.ok(northmost[0] < -2, `the northern end lies at x ${northmost[0]}`);
});

test("waits grow, stay within their cap and differ between pages", () => {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const [least, most] = [retryDelayMs(attempt, 0), retryDelayMs(attempt, 1)];
    assert.ok(least >= 250 && most <= 5000 && least < most, `attempt ${attempt}: ${least} to ${most}`);
  }
});

test("every close code of the protocol has a rule of its own", () => {
  for (const [name, code] of Object.entries(WIRE.closeCodes)) assert.notEqual(ruleForClose(code).words, "Server gone", name);
});

test("close codes follow the table: again, next or stop", () => {
  const follows = (code) => ruleForClose(code).follow;
  assert.deepEqual([1001, 1006, 1013, 4002, 4008, 4009, 4011].map(follows), Array(7).fill("again"));
  assert.deepEqual([1000, 4000, 4004, 4012].map(follows), Array(4).fill("next"));
  assert.deepEqual([1008, 4001, 4003, 4005, 4006].map(follows), Array(5).fill("stop"));
  assert.equal(ruleForStatus(0, "").words, "Server gone");
  assert.equal(ruleForStatus(409, "").follow, "next");
});

test("without a choice the newest live match with players is shown", () => {
  const session = (id, status, playerCount, second) => ({ id, status, playerCount, createdAt: new Date(second * 1000).toISOString() });
  const sessions = [session("a", "active", 10, 1), session("b", "warmup", 10, 2), session("c", "waiting", 0, 3), session("d", "ended", 10, 4)];
  assert.equal(newestLive(sessions, new Set()).id, "b");
  assert.equal(newestLive(sessions, new Set(["b"])).id, "a");
  assert.equal(newestLive(sessions, new Set(["a", "b", "c"])), undefined);
});
