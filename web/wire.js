// Generated from the declarations in protocol/src by `make docs`: not to be edited. What follows `default` is JSON.

export default {
  "draft": 5,
  "protocols": {
    "messagePack": "combat.v1",
    "json": "combat.v1.json"
  },
  "integers": {
    "u8": [0, 255],
    "u16": [0, 65535],
    "u31": [0, 2147483647],
    "u32": [0, 4294967295],
    "i16": [-32768, 32767],
    "i32": [-2147483648, 2147483647],
    "int": [-2147483648, 4294967295]
  },
  "client": {
    "claim": {"number": 1, "fields": [["inputSeq","u32"],["clientTick","u32"],["x","i32"],["y","i32"],["z","i32"],["yaw","u16"],["pitch","i16"],["viewTick","u32"],["poseEpoch","u32"],["seenTick","u32"],["ack","bool"],["bends",{"list":{"tuple":["i32","i32","i32"]},"max":4}]]},
    "act": {"number": 2, "fields": [["inputSeq","u32"],["follows","u32"],["kind",{"number":"actKind"}],["index","u8"],["yaw","u16"],["pitch","i16"],["viewTick","u32"],["viewFraction","u8"],["target",{"optional":"u32"}]]},
    "seen": {"number": 3, "fields": [["epoch","u32"],["tick","u32"]]},
    "ping": {"number": 4, "fields": [["nonce","u32"]]},
    "leave": {"number": 5, "fields": []}
  },
  "server": {
    "welcome": {"number": 16, "fields": [["sessionId","text"],["role",{"word":"role"}],["simId",{"optional":"u32"}],["slot",{"optional":"u8"}],["tickRateHz","u32"],["frameHz","u32"],["epoch","u32"],["tick","u32"],["durableTick","u32"],["durability","text"],["delayMs","u32"],["mapId","text"],["mapHash","text"],["rulesetName","text"],["rulesetHash","text"],["weapons",{"list":"text","max":8}],["abilities",{"list":"text","max":4}],["lastInputSeq","u32"],["resumed",{"optional":{"row":"resumed"}}],["snapshot",{"part":"snapshot"}],["own",{"optional":{"part":"own"}}],["protocolDraft","u32"]]},
    "snapshot": {"number": 17, "fields": [["epoch","u32"],["tick","u32"],["status",{"number":"status"}],["phaseEndsAt",{"optional":"u32"}],["roster",{"optional":{"list":{"row":"roster entry"},"max":64}}],["players",{"list":{"row":"player"},"max":64}],["viewHash","u32"]]},
    "delta": {"number": 18, "fields": [["epoch","u32"],["tick","u32"],["baseTick","u32"],["status",{"number":"status"}],["phaseEndsAt",{"optional":"u32"}],["joined",{"list":{"row":"roster entry"},"max":64}],["left",{"list":"u32","max":64}],["changed",{"list":{"changed":"player"},"max":64}],["shots",{"list":{"row":"shot"},"max":1024}],["viewHash",{"optional":"u32"}]]},
    "own": {"number": 19, "fields": [["tick","u32"],["lastInputSeq","u32"],["durableTick","u32"],["poseEpoch","u32"],["bankTicks","u32"],["weaponInHand","u8"],["rounds","u16"],["readyAtTick","u32"],["reloadedAtTick",{"optional":"u32"}],["abilityReadyAtTicks",{"list":"u32","max":4}],["respawnAtTick",{"optional":"u32"}],["correction",{"optional":{"row":"correction"}}],["verdicts",{"list":{"row":"verdict"},"max":256}]]},
    "event": {"number": 20, "fields": [["epoch","u32"],["tick","u32"],["kind","u8"],["ints",{"list":{"optional":"int"},"max":16}],["texts",{"list":"text","max":16}]]},
    "pong": {"number": 21, "fields": [["nonce","u32"],["tick","u32"],["tickFraction","u8"],["bankTicks","u32"],["rttMs","u16"]]},
    "status": {"number": 22, "fields": [["state",{"number":"serverState"}],["reason","text"]]}
  },
  "rows": {
    "resumed": [["epoch","u32"],["tick","u32"],["rolledBackFromEpoch","u32"],["rolledBackFromTick","u32"]],
    "roster entry": [["simId","u32"],["slot","u8"],["team","u8"],["displayName","text"],["bot","bool"]],
    "player": [["simId","u32"],["x","i32"],["y","i32"],["z","i32"],["yaw","u16"],["pitch","i16"],["health","u31"],["armour","u31"],["flags","u8"],["kills","u16"],["deaths","u16"]],
    "shot": [["shooter","u32"],["fromX","i32"],["fromY","i32"],["fromZ","i32"],["toX","i32"],["toY","i32"],["toZ","i32"],["struck",{"optional":"u32"}]],
    "correction": [["reason",{"number":"reason"}],["inputSeq","u32"],["x","i32"],["y","i32"],["z","i32"],["yaw","u16"],["pitch","i16"],["poseEpoch","u32"],["bankTicks","u32"],["vx","i32"],["vy","i32"],["vz","i32"],["clientTick",{"optional":"u32"}]],
    "verdict": [["inputSeq","u32"],["outcome",{"number":"outcome"}],["reason",{"optional":{"number":"reason"}}],["appliedTick","u32"],["victim",{"optional":"u32"}],["zone",{"optional":{"number":"zone"}}],["amountMilli",{"optional":"i32"}],["remainingHealthMilli",{"optional":"i32"}],["killed","bool"]]
  },
  "events": {
    "joined": {"number": 0, "ints": [["simId","u32"]], "texts": [["displayName","text"]]},
    "left": {"number": 1, "ints": [["simId","u32"],["cause",{"number":"leaveCause"}]], "texts": []},
    "killed": {"number": 2, "ints": [["victim","u32"],["killer",{"optional":"u32"}],["cause","u8"],["zone",{"number":"zone"}]], "texts": []},
    "phase": {"number": 3, "ints": [["phase",{"number":"phase"}]], "texts": []},
    "ended": {"number": 4, "ints": [["reason",{"number":"endReason"}],["winner",{"optional":"u32"}],["winningTeam",{"optional":"u8"}]], "texts": []},
    "resumed": {"number": 5, "ints": [["epoch","u32"]], "texts": []},
    "playGoesOn": {"number": 6, "ints": [], "texts": []},
    "durable": {"number": 7, "ints": [["epoch","u32"],["tick","u32"]], "texts": []}
  },
  "enumerations": {
    "actKind": [[0,"attack"],[1,"ability"],[2,"reload"],[3,"switch"]],
    "role": [[0,"player"],[1,"spectator"]],
    "status": [[0,"waiting"],[1,"warmup"],[2,"active"],[3,"ended"],[4,"resuming"],[5,"suspended"]],
    "reason": [[1,"too_fast"],[2,"too_much_acceleration"],[3,"too_high"],[4,"falls_too_fast"],[5,"blocked"],[6,"out_of_bounds"],[7,"bank_overdrawn"],[8,"client_tick_not_rising"],[9,"silent"],[10,"schedule_moved"],[11,"spawned"],[12,"displaced"],[13,"reconnected"],[14,"held_by_shot"],[15,"separated"],[32,"stale_input"],[33,"dead"],[34,"wrong_phase"],[35,"on_cooldown"],[36,"magazine_empty"],[37,"reloading"],[38,"magazine_full"],[39,"unknown_ability"],[40,"too_many_inputs"],[41,"no_room"],[42,"already_in_hand"],[64,"inbox_full"],[65,"session_full"],[66,"session_ended"],[67,"not_in_session"],[68,"suspended"]],
    "outcome": [[0,"applied"],[1,"corrected"],[2,"refused"]],
    "zone": [[0,"body"],[1,"head"]],
    "serverState": [[0,"live"],[1,"suspended"],[2,"draining"]],
    "leaveCause": [[0,"left"],[1,"window_expired"],[2,"kicked"]],
    "phase": [[0,"waiting"],[1,"warmup"],[2,"active"],[3,"ended"]],
    "endReason": [[0,"time_limit"],[1,"score_limit"],[2,"empty"],[3,"requested"],[4,"too_few_players"]]
  },
  "flags": {
    "alive": 1,
    "connected": 2
  },
  "closeCodes": {
    "done": 1000,
    "going_away": 1001,
    "policy": 1008,
    "overloaded": 1013,
    "left": 4000,
    "unauthorised": 4001,
    "ticket_expired": 4002,
    "superseded": 4003,
    "session_ended": 4004,
    "kicked": 4005,
    "protocol_error": 4006,
    "rate_limited": 4007,
    "too_slow": 4008,
    "idle": 4009,
    "moved": 4010,
    "draining": 4011,
    "session_failed": 4012
  }
};
