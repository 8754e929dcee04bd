// MessagePack: every form the contract allows, and a refusal for everything else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encodeUnsigned, MalformedMessage } from "../../web/msgpack.js";

const bytes = (...values) => Uint8Array.from(values);

test("every integer form is read, short or long", () => {
  const forms = [
    [[0x00], 0], [[0x7f], 127], [[0xff], -1], [[0xe0], -32],
    [[0xcc, 200], 200], [[0xcd, 1, 0], 256], [[0xce, 0xff, 0xff, 0xff, 0xff], 4294967295],
    [[0xcf, 0, 0, 0, 1, 0, 0, 0, 0], 4294967296], [[0xd0, 0x80], -128], [[0xd1, 0x80, 0], -32768],
    [[0xd2, 0x80, 0, 0, 0], -2147483648], [[0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1],
    [[0xcf, 0, 0, 0, 0, 0, 0, 0, 5], 5],
  ];
  for (const [encoded, expected] of forms) assert.equal(decode(bytes(...encoded)), expected);
});

test("nil, booleans, text and nested arrays are read", () => {
  assert.deepEqual(
    decode(bytes(0x95, 0xc0, 0xc2, 0xc3, 0xa3, 0xe2, 0x82, 0xac, 0x91, 0x90)),
    [null, false, true, "€", [[]]],
  );
  assert.deepEqual(decode(bytes(0xdc, 0, 1, 0xd9, 1, 0x61)), ["a"]);
  assert.deepEqual(decode(bytes(0xdd, 0, 0, 0, 1, 0xda, 0, 1, 0x61)), ["a"]);
  assert.deepEqual(decode(bytes(0x91, 0xdb, 0, 0, 0, 1, 0x61)), ["a"]);
});

test("a message cut short at any byte is refused", () => {
  const whole = bytes(0x94, 0xcd, 1, 2, 0xa2, 0x61, 0x62, 0xce, 1, 2, 3, 4, 0x91, 0xd1, 9, 9);
  decode(whole);
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => decode(whole.subarray(0, length)), MalformedMessage, `${length} bytes`);
  }
});

test("what the contract does not know is refused by name", () => {
  assert.throws(() => decode(bytes(0x01, 0x02)), /1 bytes after the end/);
  assert.throws(() => decode(bytes(0x80)), /0x80 starts no value/);
  assert.throws(() => decode(bytes(0xca, 0, 0, 0, 0)), /0xca starts no value/);
  assert.throws(() => decode(bytes(0xc4, 0)), /0xc4 starts no value/);
  assert.throws(() => decode(bytes(0xa1, 0xff)), /not UTF-8/);
  assert.throws(() => decode(bytes(0xdd, 0xff, 0xff, 0xff, 0xff)), /longer than its message/);
  assert.throws(() => decode(bytes(...Array(20).fill(0x91), 0)), /nest deeper/);
  assert.throws(() => decode(bytes(0xcf, 0xff, 0, 0, 0, 0, 0, 0, 0)), /beyond the exact integers/);
});

test("what a spectator says is written in the shortest form and read back the same", () => {
  const numbers = [0, 127, 128, 255, 256, 65535, 65536, 4294967295];
  const encoded = encodeUnsigned(numbers);
  assert.deepEqual(decode(encoded), numbers);
  assert.equal(encoded.length, 1 + 1 + 1 + 2 + 2 + 3 + 3 + 5 + 5);
});
