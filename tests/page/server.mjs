// Starts, kills and awaits the real server for the page's tests.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const OUTPUT_KEPT = 4_000;

/** A port that nobody listens on. */
export async function freePort() {
  const probe = createServer();
  await new Promise((resolve, reject) => probe.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Calls `holds` until it is true; throws with `what` and the last error when `limitMs` have passed. */
export async function until(what, limitMs, holds) {
  const endsAtMs = Date.now() + limitMs;
  let last = null;
  while (Date.now() < endsAtMs) {
    try {
      const result = await holds();
      if (result) return result;
    } catch (error) {
      last = error;
    }
    await pause(50);
  }
  throw new Error(`${what}: not within ${limitMs} ms${last ? ` (${last.message})` : ""}`);
}

/** A demo server on `port` over `dataDir`; `url`, `kill(signal)` and `output()`. */
export async function startServer({ binary, port, dataDir }) {
  const { PATH, HOME, TMPDIR } = process.env;
  const environment = { PATH, HOME, TMPDIR, PORT: String(port), HOST: "127.0.0.1", DATA_DIR: dataDir, ENVIRONMENT: "development" };
  for (const [name, value] of Object.entries(environment)) if (value === undefined) delete environment[name];
  const child = spawn(binary, ["serve", "--demo"], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk) => { output = (output + chunk).slice(-OUTPUT_KEPT); };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const gone = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  child.once("error", (error) => keep(error.message));
  const url = `http://127.0.0.1:${port}`;
  const server = {
    url,
    output: () => output,
    kill: (signal) => {
      child.kill(signal);
      return gone;
    },
  };
  try {
    await until("the server is ready", 60_000, async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return (await fetch(`${url}/ready`)).ok;
    });
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${error.message}\n${output}`);
  }
  return server;
}
