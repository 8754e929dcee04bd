// Turns combat.v1 messages into named fields, refusing every other shape, and writes what a spectator may say.

import { MalformedMessage, decode, encodeUnsigned } from "./msgpack.js";

export const SUBPROTOCOL = "combat.v1";
export const STATUS = ["waiting", "warmup", "active", "ended", "resuming", "suspended"];
export const SERVER_STATE = ["live", "suspended", "draining"];
export const END_REASON = ["time limit", "score limit", "nobody left", "ended by request"];
export const FLAG_ALIVE = 1;
export const FLAG_CONNECTED = 2;
export const ZONE_HEAD = 1;
export const PLAYER_FIELDS = ["simId", "x", "y", "z", "yaw", "pitch", "health", "armour", "flags", "kills", "deaths"];
export const FULL_MASK = (1 << (PLAYER_FIELDS.length - 1)) - 1;

const integer = (value) => Number.isInteger(value);
const unsigned = (value) => Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
const text = (value) => typeof value === "string";
const flag = (value) => typeof value === "boolean";
const list = (value) => Array.isArray(value);
const optional = (holds) => (value) => value === null || holds(value);
const row = (shape) => ({ parse: (value) => record(shape, value) });
const rows = (shape) => ({ parse: (value) => manyOf(value, (item) => record(shape, item)) });
const each = (holds) => (value) => list(value) && value.every(holds);

const ROSTER_ENTRY = { simId: unsigned, slot: unsigned, team: unsigned, playerId: text, displayName: text, bot: flag };
const PLAYER = Object.fromEntries(PLAYER_FIELDS.map((name) => [name, integer]));
const SHOT = {
  shooter: unsigned, fromX: integer, fromY: integer, fromZ: integer,
  toX: integer, toY: integer, toZ: integer, struck: optional(unsigned),
};
const SNAPSHOT = {
  epoch: unsigned, tick: unsigned, status: unsigned, phaseEndsAt: optional(unsigned),
  roster: rows(ROSTER_ENTRY), players: rows(PLAYER), viewHash: unsigned,
};
const DELTA = {
  epoch: unsigned, tick: unsigned, baseTick: unsigned, status: unsigned, phaseEndsAt: optional(unsigned),
  joined: rows(ROSTER_ENTRY), left: each(unsigned), changed: { parse: (value) => manyOf(value, change) },
  shots: rows(SHOT), viewHash: optional(unsigned),
};
const WELCOME = {
  sessionId: text, role: text, simId: optional(unsigned), slot: optional(unsigned), tickRateHz: unsigned, frameHz: unsigned,
  epoch: unsigned, tick: unsigned, durableTick: unsigned, durability: text, delayMs: unsigned, mapId: text, mapHash: text,
  rulesetName: text, rulesetHash: text, weapons: each(text), abilities: each(text), lastInputSeq: unsigned,
  resumed: optional(each(unsigned)), snapshot: row(SNAPSHOT), own: optional(list),
};
const EVENT = { epoch: unsigned, tick: unsigned, kind: unsigned, ints: each(optional(integer)), texts: each(text) };
const PONG = { nonce: unsigned, tick: unsigned, tickFraction: unsigned, bankTicks: unsigned, rttMs: unsigned };

const MESSAGES = new Map([
  [16, ["welcome", WELCOME]],
  [17, ["snapshot", SNAPSHOT]],
  [18, ["delta", DELTA]],
  [20, ["event", EVENT]],
  [21, ["pong", PONG]],
  [22, ["status", { state: unsigned, reason: text }]],
]);

/** What happened, by the number of an event's kind; kinds not listed are to be skipped. */
const HAPPENINGS = [
  ["joined", ["simId"], ["playerId", "displayName"]],
  ["left", ["simId", "cause"], []],
  ["killed", ["victim", "killer", "weapon", "zone"], []],
  ["phase", ["phase"], []],
  ["ended", ["reason", "winner"], []],
  ["resumed", ["epoch"], []],
  ["playGoesOn", [], []],
  ["durable", ["epoch", "tick"], []],
];

/** Bytes of one binary frame → `{type, …fields}`. */
export function parseMessage(bytes) {
  const [number, ...fields] = listOf(decode(bytes));
  const known = MESSAGES.get(number);
  if (!known) throw new MalformedMessage(`a spectator is sent no message of type ${number}`);
  const [type, shape] = known;
  return { type, ...record(shape, fields) };
}

/** An event's numbers and texts by name, or null for a kind this page does not know. */
export function happening({ kind, ints, texts }) {
  const known = HAPPENINGS[kind];
  if (!known) return null;
  const [what, intNames, textNames] = known;
  const named = { what };
  intNames.forEach((name, index) => { named[name] = ints[index] ?? null; });
  textNames.forEach((name, index) => { named[name] = texts[index] ?? ""; });
  return named;
}

export const sayPing = (nonce) => encodeUnsigned([6, nonce]);
export const saySeen = (epoch, tick) => encodeUnsigned([5, epoch, tick]);

function record(shape, values) {
  const names = Object.keys(shape);
  if (listOf(values).length !== names.length) {
    throw new MalformedMessage(`expected ${names.length} fields (${names[0]} …), found ${values.length}`);
  }
  const named = {};
  names.forEach((name, index) => {
    const rule = shape[name];
    const value = values[index];
    if (rule.parse) named[name] = rule.parse(value);
    else if (rule(value)) named[name] = value;
    else throw new MalformedMessage(`${name} is ${JSON.stringify(value)}`);
  });
  return named;
}

function change(values) {
  const [simId, mask, ...rest] = listOf(values);
  if (!unsigned(simId) || !unsigned(mask) || mask > FULL_MASK) throw new MalformedMessage("a change without id or mask");
  const fields = {};
  let next = 0;
  for (let bit = 0; bit < PLAYER_FIELDS.length - 1; bit += 1) {
    if (mask & (1 << bit)) fields[PLAYER_FIELDS[bit + 1]] = rest[next++];
  }
  if (next !== rest.length || !rest.every(integer)) throw new MalformedMessage("a change does not hold what its mask says");
  return { simId, mask, fields };
}

const manyOf = (value, parse) => listOf(value).map(parse);

function listOf(value) {
  if (!Array.isArray(value)) throw new MalformedMessage(`expected an array, found ${JSON.stringify(value)}`);
  return value;
}
