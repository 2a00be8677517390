import { installAxios } from "../realm/axios.ts";
import { guardConnections } from "./child/guard-connections.ts";
import { makeRequire } from "./child/make-require.ts";
import { runCode } from "./child/run-code.ts";
import { serveRun } from "./child/serve-run.ts";

/** The script of a child, as text: so it needs to read no file, and bundles need no entry for it. */
export const moduleChildSource = (): string => `"use strict";
(${serveRun})(require, {
guardConnections: ${guardConnections},
makeRequire: ${makeRequire},
runCode: ${runCode},
installAxios: ${installAxios},
});`;
