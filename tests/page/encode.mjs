// A plain MessagePack writer for tests: nil, booleans, integers, text, arrays.

/** Any nesting of those values → bytes. */
export function encode(value) {
  const bytes = [];
  write(value, bytes);
  return Uint8Array.from(bytes);
}

function write(value, bytes) {
  if (value === null) bytes.push(0xc0);
  else if (typeof value === "boolean") bytes.push(value ? 0xc3 : 0xc2);
  else if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    bytes.push(0xda, text.length >> 8, text.length & 0xff, ...text);
  } else if (Array.isArray(value)) {
    bytes.push(0xdc, value.length >> 8, value.length & 0xff);
    for (const item of value) write(item, bytes);
  } else if (value >= 0) bytes.push(0xce, value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
  else bytes.push(0xd2, (value >> 24) & 0xff, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
}
