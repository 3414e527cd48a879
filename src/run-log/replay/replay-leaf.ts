import type { CatalogFile, StepFinished } from "../../protocol/event.ts";
import type { Parameters } from "../../protocol/path.ts";
import { present } from "../../system/present.ts";
import { type AttemptRecord, finishOf, inOrder, rank, type StepRecords } from "./event-index.ts";
import type { NodeStatus } from "./node-status.ts";

/** What a leaf's or gather's records say when the token arrives in some round. */
export interface LeafReplay {
  /** `running`: nothing final is recorded, perhaps nothing at all. */
  readonly status: NodeStatus;
  readonly round: number;
  /** The last attempt that counts. */
  readonly last?: AttemptRecord;
  readonly finish?: StepFinished;
  /** Empty unless it succeeded. */
  readonly delta: Parameters;
  /** What it put; of a failed step too, not of a lost one. */
  readonly files: readonly CatalogFile[];
}

/** Records of a round below `round` do not count; of the others the last attempt decides. */
export function replayLeaf({ last: greatest, lost }: StepRecords, round: number): LeafReplay {
  const last = greatest !== undefined && greatest.round >= round ? greatest : undefined;
  const nothing = { delta: {}, files: [], ...present({ last }) };
  const lastRank = rank(last ?? { round, attempt: 0 });
  if (lost !== undefined && rank(lost) >= lastRank) return { status: "lost", round: lost.round, ...nothing };
  const finish = last === undefined ? undefined : finishOf(last);
  if (last === undefined || finish === undefined || finish.data.retry) {
    return { status: "running", round: last?.round ?? round, ...nothing };
  }
  const { status, delta = {} } = finish.data;
  return {
    status,
    round: last.round,
    last,
    finish,
    delta: status === "success" ? delta : {},
    files: filesPut(last),
  };
}

/** The files that an attempt put, a later put of a name in the place of an earlier one. */
export function filesPut(record: AttemptRecord): readonly CatalogFile[] {
  const files = new Map<string, CatalogFile>();
  for (const event of inOrder(record)) {
    if (event.kind === "catalog.put") for (const file of event.data.files) files.set(file.name, file);
  }
  return [...files.values()];
}
