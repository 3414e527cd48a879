/** Writes argv[4] events to the run argv[3] of the store argv[2]; one of many such processes. */
import { openEventWriter } from "../../src/run-log/record/write-events.ts";
import { fileSystemRunLogStore } from "../../src/stores/folder/run-log.ts";

const [folder = "", run = "", count = "0"] = process.argv.slice(2);
const writer = openEventWriter(fileSystemRunLogStore(folder).open(run));
for (let i = 0; i < Number(count); i++) {
  await writer.write({
    kind: "warning",
    path: [
      { node: `writer ${process.pid}`, ok: { end: "success", name: "success" }, failed: { end: "fail", name: "fail" } },
    ],
    attempt: 1,
    round: 1,
    data: { message: `${process.pid} ${i} ${"x".repeat(i % 300)}` },
  });
}
