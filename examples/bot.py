#!/usr/bin/env python3
"""A player written from docs/protocol.md alone: it walks, shoots, reloads, checks what it is sent and says how it went.

Run it: pip install websockets msgpack requests; examples/bot.py --url URL --seconds S [--token T] [--session ID, or a new duel]
T (or the variable TOKEN) is a service's token: a development server prints one, as does `combat token --role service --sub me`."""
import argparse, collections, contextlib, math, os, secrets, struct, sys, time, zlib, msgpack, requests, websockets, websockets.sync.client as client

class Bot:
    def __init__(self, ws, welcome, movement):
        self.send = lambda *message: ws.send(msgpack.packb(message))
        self.count, self.trips_ms, self.pose_epoch, self.action, self.clock, self.movement = collections.Counter(), [], 0, 0, 0, movement
        self.me, self.rate, self.pace, self.first_seq, self.seq = *welcome[3:6:2], movement["speedMmPerS"] / 1500, *welcome[18:19] * 2
        for kind, fields in (17, welcome[20]), (19, welcome[21]):
            self.hear(kind, *fields)
    def hear(self, kind, *fields):
        if kind == 17:  # snapshot
            self.epoch, self.tick, self.rows = *fields[:2], {row[0]: row[1:] for row in fields[5]}
        elif kind == 18:  # delta
            assert (self.epoch, self.tick) == (fields[0], fields[2]), "the delta builds on another frame than the last"
            self.tick, self.rows = fields[1], {i: row for i, row in self.rows.items() if i not in fields[6]}
            for i, mask, *new in fields[7]:
                self.rows[i] = [new.pop(0) if mask >> bit & 1 else old for bit, old in enumerate(self.rows.get(i, [0] * 10))]
        elif kind == 19:  # own
            self.own = fields
            self.count.update(("applied", "corrected", "refused")[verdict[1]] for verdict in fields[12])
            if fields[11] and fields[11][7] > self.pose_epoch:  # a correction: stand there; turn back if a claim was refused
                reason, _, *self.pose, self.pose_epoch, _, vx, _, vz, clock = fields[11]
                self.heading = self.heading + math.pi * (reason < 9) if reason < 11 else self.pose[3] * math.tau / 65536
                self.start, self.clock, self.count["corrections"] = self.pose[:3], clock or self.clock, self.count["corrections"] + 1
                brake = math.ceil(2.5 * math.hypot(vx, vz) / self.movement["accelerationMmPerS2"] * self.rate)  # ticks to come to rest in
                self.begin = [self.claim(ticks) or self.clock for ticks in [1, brake + 1][clock is not None:]][-1]  # nil: first set the clock
        elif kind == 21:  # pong
            self.trips_ms.append((time.monotonic_ns() // 1000 - fields[0]) % 2**32 / 1000)
        if kind in (17, 18):
            crc = zlib.crc32(b"".join(struct.pack("<I10i", i, *row) for i, row in sorted(self.rows.items())))
            self.count.update({"frames": 1, "viewHash mismatches": int(fields[-1] not in (None, crc))})
    def claim(self, ticks):
        self.seq, self.clock, self.claimed_at = self.seq + 1, self.clock + ticks, time.monotonic()
        self.send(1, self.seq, self.clock, *self.pose, self.tick, self.pose_epoch, self.tick, self.seq % 10 == 0, [])
    def step(self):
        ticks = min(int((time.monotonic() - self.claimed_at) * self.rate), self.own[4] if self.own[4] > self.rate / 10 else 1)
        if ticks < 1 or self.own[10] is not None:  # too early, or dead
            return self.send(3, self.epoch, self.tick)
        away = 500 - 500 * math.cos(self.pace * (self.clock + ticks - self.begin) / self.rate)  # 1 m forth and back, up to a third of the speed
        self.pose[:3:2] = (at - round(part(self.heading) * away) for at, part in zip(self.start[::2], (math.sin, math.cos)))
        foe = min(self.rows.items(), key=lambda other: other[0] == self.me)[1]
        self.pose[3] = round(math.atan2(self.pose[0] - foe[0], self.pose[2] - foe[2]) * 65536 / math.tau) % 65536
        self.claim(ticks)
        if self.action <= self.own[1] and self.own[8] is None and self.own[7] <= self.tick:  # the last action was judged
            self.seq = self.action = self.seq + 1
            self.send(2, self.seq, self.seq - 1, 0 if self.own[6] else 2, 0, *self.pose[3:], self.tick, 0, None)  # shoot, or reload

def rest(method, path, body=None):
    url, headers = options.url + "/api/v1/combat" + path, {"Authorization": f"Bearer {options.token}"}
    answer = requests.request(method, url, json=body, headers=headers, timeout=10)
    return answer.json() if answer.ok else sys.exit(f"{method} {path}: {answer.text}")
sys.excepthook = lambda kind, error, _: print(f"{kind.__name__}: {error}", file=sys.stderr)
parser = argparse.ArgumentParser(description=__doc__)
for name, default in ("--url", "http://127.0.0.1:8085"), ("--seconds", "10"), ("--token", os.getenv("TOKEN")), ("--session", ""):
    parser.add_argument(name, default=default)
options = parser.parse_args()
duel = {"name": "bot.py", "mapId": "duel-box", "gameMode": "duel", "options": {"bots": 1}}
session = "/sessions/" + (options.session or rest("POST", "/sessions", duel)["id"])
place = rest("POST", session + "/join", {"playerId": "example-" + secrets.token_hex(3)})
with client.connect(place["wsUrl"], subprotocols=place["protocols"]) as ws:
    welcome = msgpack.unpackb(ws.recv(timeout=10))
    bot, begin = Bot(ws, welcome, rest("GET", f"/rulesets/{welcome[14]}")["movement"]), time.monotonic()
    with contextlib.suppress(websockets.ConnectionClosed):
        for step in range(int(float(options.seconds) * 30)):
            with contextlib.suppress(TimeoutError):
                while True:
                    bot.hear(*msgpack.unpackb(ws.recv(timeout=max(0, begin + step / 30 - time.monotonic()))))
            bot.step()
            step % 30 or bot.send(4, time.monotonic_ns() // 1000 % 2**32)
        bot.send(5)
options.session or rest("DELETE", session)
taken, names = bot.own[1] - bot.first_seq, ("applied", "corrected", "refused", "corrections", "frames", "viewHash mismatches")
print(f"{taken} of {bot.seq - bot.first_seq} inputs acknowledged, verdicts:", ", ".join(f"{bot.count[name]} {name}" for name in names)
      + f", round trip {min(bot.trips_ms, default=0):.1f} to {max(bot.trips_ms, default=0):.1f} ms")
sys.exit(0 if taken > 0 and not bot.count["viewHash mismatches"] else 1)
