// `npm run bench` measures this tree against floors, `npm run bench -- --against COMMIT` beside another commit.
import { options } from "./bench/options.mjs";

if (options.against === undefined) await import("./bench/floors.mjs");
else await import("./bench/against.mjs");
