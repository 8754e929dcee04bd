#!/usr/bin/env python3
"""A player written from docs/protocol.md alone: it walks, shoots, reloads, checks what it is sent and says how it went.

Run it:  pip install websockets msgpack requests
         examples/bot.py --url http://127.0.0.1:8085 --seconds 10 [--token T] [--session ID]
T is a service's token (or the variable TOKEN): a development server prints one when it starts, and so does the last line
of `combat token --role service --sub NAME`. Without ID it makes a duel with one of the server's bots, and ends it after.
"""
import argparse, collections, math, os, secrets, struct, sys, time, zlib
import msgpack, requests, websockets, websockets.sync.client

class Bot:
    def __init__(self, ws, get):
        self.ws, self.count, self.pings, self.trips, self.in_flight, self.action = ws, collections.Counter(), {}, [], {}, 0
        welcome = msgpack.unpackb(ws.recv(timeout=10))
        self.me, self.rate, self.first_seq, self.seq = welcome[3], welcome[5], welcome[18], welcome[18]
        self.rules, self.full_bank = get(f"/rulesets/{welcome[14]}"), math.ceil(self.rate / 4) + math.ceil(self.rate / 30)
        self.client_tick, self.claimed_at, self.turned_at, self.pose_epoch = 0, time.monotonic(), 0.0, 0
        self.hear([17, *welcome[20]])
        self.hear([19, *welcome[21]])

    def send(self, *message):
        self.ws.send(msgpack.packb(message))

    def hear(self, message):
        kind, fields = message[0], message[1:]
        if kind == 17:  # snapshot
            self.epoch, self.tick, self.status, self.players = *fields[:3], {row[0]: row[1:] for row in fields[5]}
        elif kind == 18:  # delta
            if (fields[0], fields[2]) != (self.epoch, self.tick):
                raise SystemExit(f"a delta builds on tick {fields[2]}, but the view is of tick {self.tick}")
            self.tick, self.status = fields[1], fields[3]
            self.players = {sim_id: row for sim_id, row in self.players.items() if sim_id not in fields[6]}
            for sim_id, mask, *values in fields[7]:
                row = self.players.setdefault(sim_id, [0] * 10)
                for bit in (bit for bit in range(10) if mask >> bit & 1):
                    row[bit] = values.pop(0)
        elif kind == 19:  # own
            self.own, self.heard_at = fields, time.monotonic()
            self.in_flight = {seq: ticks for seq, ticks in self.in_flight.items() if seq > fields[1]}
            self.count.update(("applied", "corrected", "refused")[verdict[1]] for verdict in fields[12])
            self.action = 0 if any(verdict[0] == self.action for verdict in fields[12]) else self.action
            if fields[11] and fields[11][7] > self.pose_epoch:  # a correction: back to where it says, and walk the other way
                reason, _, *self.pose, self.pose_epoch, _ = fields[11]
                self.count[f"reason {reason}"], self.speed, self.in_flight = self.count[f"reason {reason}"] + 1, [0, 0], {}
                self.heading, self.turned_at = self.pose[3] + 32768 * (reason < 11), time.monotonic()
                self.waits = reason == 7  # bank_overdrawn
                self.claim(1)
        elif kind == 21:  # pong
            self.trips.append(time.monotonic() - self.pings.pop(fields[0]))
        if kind in (17, 18):
            rows = (struct.pack("<I10i", sim_id, *row) for sim_id, row in sorted(self.players.items()))
            self.count.update(frames=1, wrong=fields[-1] not in (None, zlib.crc32(b"".join(rows))))

    def claim(self, ticks):
        self.seq, self.client_tick, self.in_flight[self.seq + 1] = self.seq + 1, self.client_tick + ticks, ticks
        self.send(1, self.seq, self.client_tick, *self.pose, self.tick, self.pose_epoch, self.tick, self.seq % 10 == 0, [])
