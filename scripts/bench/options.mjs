// What `npm run bench` is given.
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    /** The commit to compare with. */
    against: { type: "string" },
    /** Compare only what has this text in its name. */
    only: { type: "string" },
    /** How often each is measured. */
    times: { type: "string" },
  },
});

export const options = { ...values, times: values.times === undefined ? undefined : Number(values.times) };
