import { installAssert } from "./assert.ts";
import { installAxios } from "./axios.ts";
import { installBuffer } from "./buffer.ts";
import { installBytes } from "./bytes.ts";
import { installConsole } from "./console.ts";
import { createRealm } from "./create.ts";
import { installCrypto } from "./crypto.ts";
import { installEvents } from "./events.ts";
import { installFetch } from "./fetch.ts";
import { hardenRealm } from "./harden.ts";
import { installRequire } from "./require.ts";
import { runEntries } from "./run.ts";
import { installTimers } from "./timers.ts";
import { installUrl } from "./url.ts";

const steps = [
  installBytes,
  installBuffer,
  installTimers,
  installConsole,
  installUrl,
  installEvents,
  installAssert,
  installCrypto,
  installFetch,
  installAxios,
  installRequire,
  hardenRealm,
];

/** A script whose value is a function that takes the host's callbacks and settings and returns the run's entries. */
export function realmSource(): string {
  const calls = steps.map((step) => `(${step})(realm);`).join("\n");
  return `"use strict";
(function (ask, post, done, settings) {
const realm = (${createRealm})(ask, post, done, settings);
${calls}
return (${runEntries})(realm);
})`;
}
