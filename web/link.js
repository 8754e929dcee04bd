// The life of one spectator's WebSocket: parses what arrives, says what was seen, measures the round trip.

import { parseMessage, sayPing, saySeen } from "./protocol.js";

const SEEN_EVERY_MS = 1_000;
const PING_EVERY_MS = 2_000;
const SILENCE_MAX_MS = 12_000;
const FIRST_FRAME_MAX_MS = 60_000;
const ROUND_TRIPS_KEPT = 5;

/** Closed by this page: its viewer chose another match, or a message was unusable. */
export const CLOSED_HERE = 3000;

/** Opens the socket; `onMessage(message)` for each, `onClose({code, reason})` exactly once. */
export class Link {
  constructor({ wsUrl, protocols, onMessage, onClose }) {
    this.onMessage = onMessage;
    this.onClose = onClose;
    this.newest = null;
    this.heardAtMs = performance.now();
    this.pingsUnderWay = new Map();
    this.roundTripsMs = [];
    this.nonce = 0;
    this.socket = new WebSocket(wsUrl, protocols);
    this.socket.binaryType = "arraybuffer";
    this.timers = [
      setInterval(() => this.#seen(), SEEN_EVERY_MS),
      setInterval(() => this.#ping(), PING_EVERY_MS),
    ];
    this.socket.addEventListener("open", () => this.#ping());
    this.socket.addEventListener("message", (event) => this.#heard(event.data));
    this.socket.addEventListener("close", (event) => this.#finish(event.code, event.reason));
  }

  /** The middle one of the last few round trips in milliseconds, or null before the first. */
  get roundTripMs() {
    const sorted = [...this.roundTripsMs].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? null;
  }

  close(reason) {
    this.socket.close(CLOSED_HERE);
    this.#finish(CLOSED_HERE, reason);
  }

  #heard(data) {
    if (!this.onClose) return;
    this.heardAtMs = performance.now();
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError("the frame is text, expected binary");
      const message = parseMessage(new Uint8Array(data));
      if (message.type === "pong") this.#pong(message.nonce);
      this.onMessage(message);
      this.#noteFrame(message);
    } catch (error) {
      this.close(error.message);
    }
  }

  #noteFrame(message) {
    const whole = message.type === "welcome" ? message.snapshot : message;
    if (!["welcome", "snapshot", "delta"].includes(message.type)) return;
    this.newest = { epoch: whole.epoch, tick: whole.tick };
    if (message.type !== "delta") this.#seen();
  }

  #seen() {
    if (this.newest && this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(saySeen(this.newest.epoch, this.newest.tick));
    }
  }

  #ping() {
    const isOpen = this.socket.readyState === WebSocket.OPEN;
    const silenceMaxMs = isOpen && this.newest === null ? FIRST_FRAME_MAX_MS : SILENCE_MAX_MS;
    if (performance.now() - this.heardAtMs > silenceMaxMs) {
      this.close("the server has fallen silent");
      return;
    }
    if (!isOpen) return;
    this.nonce += 1;
    this.pingsUnderWay.set(this.nonce, performance.now());
    if (this.pingsUnderWay.size > ROUND_TRIPS_KEPT) this.pingsUnderWay.delete(this.pingsUnderWay.keys().next().value);
    this.socket.send(sayPing(this.nonce));
  }

  #pong(nonce) {
    const sentAtMs = this.pingsUnderWay.get(nonce);
    if (sentAtMs === undefined) return;
    this.pingsUnderWay.delete(nonce);
    this.roundTripsMs.push(performance.now() - sentAtMs);
    if (this.roundTripsMs.length > ROUND_TRIPS_KEPT) this.roundTripsMs.shift();
  }

  #finish(code, reason) {
    if (!this.onClose) return;
    for (const timer of this.timers) clearInterval(timer);
    const onClose = this.onClose;
    this.onClose = null;
    onClose({ code, reason });
  }
}
