// The watched match: what is drawn between frames, when kills are final, what a restart means.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Match } from "../../web/match.js";
import { Timeline } from "../../web/timeline.js";
import { viewHash } from "../../web/view.js";

const player = (simId, changes = {}) => ({
  simId, x: 0, y: 0, z: 0, yaw: 0, pitch: 0, health: 100, armour: 0, flags: 3, kills: 0, deaths: 0, ...changes,
});
const playersOf = (...list) => new Map(list.map((one) => [one.simId, one]));
const frame = (tick, one, epoch = 1) => ({ epoch, tick, players: playersOf(one), roster: new Map() });

function welcome(changes = {}) {
  const { epoch = 1, tick = 160 } = changes;
  const players = [player(1), player(2)];
  const roster = players.map(({ simId }) => ({ simId, slot: simId, team: 0, displayName: `P${simId}`, bot: true }));
  return {
    type: "welcome", sessionId: "s", tickRateHz: 128, frameHz: 16, epoch, tick, durableTick: tick, durability: "journal", delayMs: 0,
    mapId: "arena", mapHash: "ab", weapons: ["rifle"], resumed: null,
    snapshot: { epoch, tick, status: 2, phaseEndsAt: 1440, roster, players, viewHash: viewHash({ players: playersOf(...players) }) },
    ...changes,
  };
}
const event = (tick, kind, ints, epoch = 1) => ({ type: "event", epoch, tick, kind, ints, texts: [] });

test("between two frames a player is drawn in between, turning the short way", () => {
  const timeline = new Timeline(128, 16);
  timeline.push(frame(8, player(1, { x: 0, yaw: 65000 })), [], 0);
  timeline.push(frame(16, player(1, { x: 400, yaw: 500 })), [], 62.5);
  const [drawn] = timeline.playersAt(12);
  assert.equal(drawn.x, 200);
  assert.equal(drawn.yaw, 65000 + 518);
});

test("a spawn far away is not drawn as a glide", () => {
  const timeline = new Timeline(128, 16);
  timeline.push(frame(8, player(1, { x: 0 })), [], 0);
  timeline.push(frame(16, player(1, { x: 9000 })), [], 62.5);
  assert.equal(timeline.playersAt(15)[0].x, 0);
  assert.equal(timeline.playersAt(16)[0].x, 9000);
});

test("the drawn tick is a frame and a half behind and never runs back or ahead", () => {
  const timeline = new Timeline(128, 16);
  let last = 0;
  for (let index = 1; index <= 40; index += 1) {
    const late = index % 5 === 0 ? 30 : 0;
    timeline.push(frame(index * 8, player(1)), [], index * 62.5 + late);
    const tick = timeline.tickAt(index * 62.5 + late);
    assert.ok(tick >= last && tick <= index * 8, `frame ${index}: ${last} then ${tick}`);
    last = tick;
  }
  assert.ok(Math.abs(last - (40 * 8 - 12)) < 6, `drawn ${last}`);
});

test("shots are taken once, when their tick is drawn", () => {
  const timeline = new Timeline(128, 16);
  timeline.push(frame(8, player(1)), [], 0);
  timeline.push(frame(16, player(1)), [{ shooter: 1 }], 62.5);
  assert.equal(timeline.shotsUpTo(15).length, 0);
  assert.equal(timeline.shotsUpTo(16).length, 1);
  assert.equal(timeline.shotsUpTo(16).length, 0);
});

test("a kill is final when a durable event passes it, and told once", () => {
  const match = new Match(welcome(), null, 0);
  match.take(event(200, 2, [1, 2, 0, 1]), 0);
  match.take(event(200, 2, [1, 2, 0, 1]), 0);
  assert.equal(match.kills.length, 1);
  assert.deepEqual([match.kills[0].killer.name, match.kills[0].victim.name], ["P2", "P1"]);
  assert.equal(match.kills[0].final, false);
  match.take(event(204, 7, [1, 199]), 0);
  assert.equal(match.kills[0].final, false);
  match.take(event(208, 7, [1, 200]), 0);
  assert.equal(match.kills[0].final, true);
});

test("a kill by nobody has its cause and no killer", () => {
  const match = new Match(welcome(), null, 0);
  match.take(event(200, 2, [1, null, 255, 0]), 0);
  const [{ killer, victim, weapon }] = match.kills;
  assert.deepEqual([killer, victim.name, weapon], [null, "P1", "the world"]);
});

test("a match is won by a player, by a team or by nobody", () => {
  const won = (ints) => {
    const match = new Match(welcome(), null, 0);
    match.take(event(200, 4, ints), 0);
    return match.winner;
  };
  assert.deepEqual(won([1, 2, null]), { name: "P2", team: null });
  assert.deepEqual(won([1, null, 2]), { name: "Team 2", team: 2 });
  assert.equal(won([0, null, null]), null);
});

test("after a restart the page says what was rolled back and marks undone kills", () => {
  const match = new Match(welcome({ tick: 160 }), null, 0);
  match.take(event(158, 2, [1, 2, 0, 0]), 0);
  match.take(event(159, 2, [2, 1, 0, 0]), 0);
  match.kills[1].final = false;
  const again = new Match(welcome({ epoch: 2, tick: 158, durableTick: 158, resumed: { epoch: 2, tick: 158, rolledBackFromEpoch: 1, rolledBackFromTick: 160 } }), match, 5);
  assert.deepEqual([again.notice.epoch, again.notice.rolledBackTicks, again.notice.drained], [2, 2, false]);
  assert.deepEqual(again.kills.map((kill) => [kill.final, kill.undone]), [[true, false], [false, true]]);
});

test("coming back within the same epoch is no restart", () => {
  const match = new Match(welcome(), null, 0);
  assert.equal(new Match(welcome({ tick: 320 }), match, 5).notice, null);
});
