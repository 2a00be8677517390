import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";

const target = fileURLToPath(new URL("../dist", import.meta.url));
await bundle(target);
console.log("dist/api and dist/worker are ready: node dist/api/main.js");
