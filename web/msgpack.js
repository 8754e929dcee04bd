// Reads and writes the part of MessagePack that combat.v1 uses: integers, booleans, nil, text and arrays.

const DEPTH_MAX = 8;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A message that is not what the contract allows. */
export class MalformedMessage extends Error {}

/** Decodes exactly one value; maps, floats, binaries, extensions and trailing bytes are refused. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new MalformedMessage(`${bytes.length - reader.at} bytes after the end of the message`);
  return value;
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  value(depth) {
    const head = this.data.getUint8(this.take(1));
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head >= 0x90 && head < 0xa0) return this.array(head & 0x0f, depth);
    if (head >= 0xa0 && head < 0xc0) return this.text(head & 0x1f);
    switch (head) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xcc: return this.data.getUint8(this.take(1));
      case 0xcd: return this.data.getUint16(this.take(2));
      case 0xce: return this.data.getUint32(this.take(4));
      case 0xcf: return exact(this.data.getBigUint64(this.take(8)));
      case 0xd0: return this.data.getInt8(this.take(1));
      case 0xd1: return this.data.getInt16(this.take(2));
      case 0xd2: return this.data.getInt32(this.take(4));
      case 0xd3: return exact(this.data.getBigInt64(this.take(8)));
      case 0xd9: return this.text(this.data.getUint8(this.take(1)));
      case 0xda: return this.text(this.data.getUint16(this.take(2)));
      case 0xdb: return this.text(this.data.getUint32(this.take(4)));
      case 0xdc: return this.array(this.data.getUint16(this.take(2)), depth);
      case 0xdd: return this.array(this.data.getUint32(this.take(4)), depth);
      default: throw new MalformedMessage(`0x${head.toString(16)} starts no value of combat.v1`);
    }
  }

  array(length, depth) {
    if (depth >= DEPTH_MAX) throw new MalformedMessage(`arrays nest deeper than ${DEPTH_MAX}`);
    if (length > this.bytes.length - this.at) throw new MalformedMessage("an array is longer than its message");
    const items = new Array(length);
    for (let index = 0; index < length; index += 1) items[index] = this.value(depth + 1);
    return items;
  }

  text(length) {
    const start = this.take(length);
    try {
      return utf8.decode(this.bytes.subarray(start, this.at));
    } catch {
      throw new MalformedMessage("a text is not UTF-8");
    }
  }

  take(length) {
    const start = this.at;
    if (length > this.bytes.length - start) throw new MalformedMessage("the message ends too early");
    this.at += length;
    return start;
  }
}

function exact(integer) {
  const number = Number(integer);
  if (!Number.isSafeInteger(number)) throw new MalformedMessage(`${integer} is beyond the exact integers`);
  return number;
}

/** Encodes an array of fewer than 16 unsigned integers below 2^32: all that a spectator says. */
export function encodeUnsigned(numbers) {
  const bytes = [0x90 | numbers.length];
  for (const number of numbers) {
    if (number < 0x80) bytes.push(number);
    else if (number < 0x100) bytes.push(0xcc, number);
    else if (number < 0x10000) bytes.push(0xcd, number >>> 8, number & 0xff);
    else bytes.push(0xce, number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff);
  }
  return Uint8Array.from(bytes);
}
