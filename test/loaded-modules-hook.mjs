// Preloaded into a process under test: writes down which modules it loads.
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LOADED_MODULES_FILE, `${url}\n`);
    return next(url, context);
  },
});
