// Turns combat.v1 messages into named fields, refusing every other shape, and writes what a spectator may say.

import { MalformedMessage, decode, encodeUnsigned } from "./msgpack.js";
import WIRE from "./wire.js";

export const SUBPROTOCOL = WIRE.protocols.messagePack;
export const FLAG_ALIVE = WIRE.flags.alive;
export const FLAG_CONNECTED = WIRE.flags.connected;
export const PLAYER_FIELDS = WIRE.rows.player.map(([name]) => name);
export const FULL_MASK = (1 << (PLAYER_FIELDS.length - 1)) - 1;

const CLOSE_NAMES = new Map(Object.entries(WIRE.closeCodes).map(([name, code]) => [code, name]));
const WORDS = Object.fromEntries(Object.entries(WIRE.enumerations).map(([name, words]) => [name, new Map(words)]));

/** The word that a number of an enumeration stands for, or undefined for one that this page does not know. */
export const wordOf = (enumeration, number) => WORDS[enumeration].get(number);

/** The name of a close code, or undefined. */
export const closeName = (code) => CLOSE_NAMES.get(code);

const integer = (value) => Number.isInteger(value);
const between = ([min, max]) => (value) => integer(value) && value >= min && value <= max;
const unsigned = between(WIRE.integers.u32);

const PLAIN = {
  ...Object.fromEntries(Object.entries(WIRE.integers).map(([name, range]) => [name, between(range)])),
  text: (value) => typeof value === "string",
  bool: (value) => typeof value === "boolean",
};

/** A shape of the tables → what gives a value of that shape by name, and refuses every other. */
function reader(shape) {
  if (PLAIN[shape]) return checked(PLAIN[shape]);
  if (shape.number) return checked(PLAIN.u8);
  if (shape.word) return checked((value) => [...WORDS[shape.word].values()].includes(value));
  if (shape.optional) return optional(reader(shape.optional));
  if (shape.list) return listOf(reader(shape.list), shape.max ?? Infinity);
  if (shape.row) return record(WIRE.rows[shape.row]);
  if (shape.part) return record(WIRE.server[shape.part].fields);
  if (shape.changed) return change;
  throw new TypeError(`no reader for ${JSON.stringify(shape)}`);
}

const checked = (holds) => (value, name) => {
  if (!holds(value)) throw new MalformedMessage(`${name} is ${JSON.stringify(value)}`);
  return value;
};

const optional = (read) => (value, name) => (value === null ? null : read(value, name));

const listOf = (read, max) => (values, name) => {
  if (arrayOf(values).length > max) throw new MalformedMessage(`${name} has ${values.length} items`);
  return values.map((value) => read(value, name));
};

function record(fields) {
  const readers = fields.map(([name, shape]) => [name, reader(shape)]);
  return (values) => {
    if (arrayOf(values).length !== readers.length) {
      throw new MalformedMessage(`expected ${readers.length} fields (${readers[0]?.[0]} …), found ${values.length}`);
    }
    const named = {};
    readers.forEach(([name, read], index) => { named[name] = read(values[index], name); });
    return named;
  };
}

function change(values) {
  const [simId, mask, ...rest] = arrayOf(values);
  if (!unsigned(simId) || !unsigned(mask) || mask > FULL_MASK) throw new MalformedMessage("a change without id or mask");
  const fields = {};
  let next = 0;
  for (let bit = 0; bit < PLAYER_FIELDS.length - 1; bit += 1) {
    if (mask & (1 << bit)) fields[PLAYER_FIELDS[bit + 1]] = rest[next++];
  }
  if (next !== rest.length || !rest.every(integer)) throw new MalformedMessage("a change does not hold what its mask says");
  return { simId, mask, fields };
}

function arrayOf(value) {
  if (!Array.isArray(value)) throw new MalformedMessage(`expected an array, found ${JSON.stringify(value)}`);
  return value;
}

/** What a spectator is sent: all but what concerns one player only. */
const MESSAGES = new Map(
  Object.entries(WIRE.server)
    .filter(([type]) => type !== "own")
    .map(([type, { number, fields }]) => [number, [type, record(fields)]]),
);

/** What happened, by the number of an event's kind; kinds not listed are to be skipped. */
const EVENTS = new Map(
  Object.entries(WIRE.events)
    .map(([what, { number, ints, texts }]) => [number, { what, readInts: record(ints), readTexts: record(texts) }]),
);

/** Bytes of one binary frame → `{type, …fields}`. */
export function parseMessage(bytes) {
  const [number, ...fields] = arrayOf(decode(bytes));
  const known = MESSAGES.get(number);
  if (!known) throw new MalformedMessage(`a spectator is sent no message of type ${number}`);
  const [type, read] = known;
  const message = { type, ...read(fields) };
  if (type === "welcome" && message.protocolDraft !== WIRE.draft) {
    throw new MalformedMessage(`the server speaks draft ${message.protocolDraft}, this page draft ${WIRE.draft}`);
  }
  return message;
}

/** An event's numbers and texts by name, or null for a kind this page does not know. */
export function happening({ kind, ints, texts }) {
  const known = EVENTS.get(kind);
  if (!known) return null;
  return { what: known.what, ...known.readInts(ints), ...known.readTexts(texts) };
}

export const sayPing = (nonce) => say("ping", { nonce });
export const saySeen = (epoch, tick) => say("seen", { epoch, tick });

function say(type, values) {
  const { number, fields } = WIRE.client[type];
  return encodeUnsigned([number, ...fields.map(([name]) => values[name])]);
}
