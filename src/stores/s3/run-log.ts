import { createHash, randomUUID } from "node:crypto";
import type { Event } from "../../protocol/event.ts";
import { inParallel } from "../../system/limit.ts";
import { byWriter, printEvents } from "../contract/event-lines.ts";
import { blobKey, checkedRunId, claimFile, escapedSign, isRunId } from "../contract/run-log-names.ts";
import { type RunLog, type RunLogStore, wholeContent } from "../contract/run-log-store.ts";
import { StoreError } from "../contract/store-error.ts";
import type { S3Client } from "./client.ts";
import { s3EventReader } from "./events.ts";

/**
 * Run logs in a bucket, one object a flush. `<prefix>runs/<run>/` holds what a folder of the file-system store holds
 * (`events/*.ndjson`, `claims/`, blobs by their keys), so that a copy of it made by any tool is a run log, too;
 * `<prefix>index/<run>` says that a run was created, `<prefix>created/<run>/<milliseconds>` when. Exclusive are claims by conditional writes (`If-None-Match: *`).
 */
export function s3RunLogStore(client: S3Client, prefix: string): RunLogStore {
  const indexed = (run: string): string => `${prefix}index/${keyPart(run)}`;
  const folder = (run: string): string => `${prefix}runs/${keyPart(run)}/`;
  const created = (run: string): string => `${prefix}created/${keyPart(run)}/`;
  const checked = (run: string): string => checkedRunId(run, client.name);
  const open = (run: string): RunLog =>
    openRun(client, checked(run), { folder: folder(run), index: indexed(run), created: created(run) });
  return {
    name: `s3 (${client.name})`,
    create: async (run) => ((await client.putIfAbsent(indexed(checked(run)), ownToken())) ? open(run) : null),
    open,
    exists: async (run) =>
      isRunId(run) && ((await client.head(indexed(run))) !== null || !(await isEmpty(client.list(folder(run))))),
    list: () => listRuns(client, prefix),
    unproven: () => unprovenStore(client, `${prefix}${provenKey}`),
    markProven: async () => void (await client.putIfAbsent(`${prefix}${provenKey}`, Buffer.from("magnus doctor\n"))),
    credentials: client.credentials,
    remove: async (run) => {
      await removeAll(client, folder(checked(run)));
      await removeAll(client, created(run));
      await client.delete(indexed(run));
    },
  };
}

/** Beside the runs: whoever uses this bucket and prefix need not try again. */
const provenKey = "proven";

async function unprovenStore(client: S3Client, key: string): Promise<string | undefined> {
  try {
    if ((await client.head(key)) !== null) return undefined;
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
  return `it has not been checked that s3 (${client.name}) keeps concurrent writers apart, which not every server does: \`magnus doctor\` checks it and remembers`;
}

/** Unlike any other call's, so that whoever wrote it is told apart even after an answer was lost. */
function ownToken(): Buffer {
  return Buffer.from(`${randomUUID()}\n`);
}

/** A run id as a part of a key without signs that servers or tools treat in their own ways. `=` escapes. */
function keyPart(run: string): string {
  return run.replace(/[^A-Za-z0-9._-]/gu, escapedSign);
}

function runOf(part: string): string {
  const bytes = part.replace(/%/g, "%25").replace(/=([0-9A-F]{2})/g, "%$1");
  try {
    return decodeURIComponent(bytes);
  } catch {
    return "";
  }
}

/**
 * Newest first by when they were created; runs of earlier versions by the time of their entry in the index; a run without
 * any (not created yet, or its creator ended) comes last.
 */
async function listRuns(client: S3Client, prefix: string): Promise<readonly string[]> {
  const times = new Map<string, number>();
  for (const part of await client.folders(`${prefix}runs/`)) times.set(runOf(part), 0);
  for await (const { key, modified } of client.list(`${prefix}index/`)) {
    times.set(runOf(key.slice(`${prefix}index/`.length)), modified);
  }
  for await (const { key } of client.list(`${prefix}created/`)) {
    const [part = "", time = ""] = key.slice(`${prefix}created/`.length).split("/");
    if (/^\d+$/.test(time)) times.set(runOf(part), Number(time));
  }
  return [...times]
    .filter(([run]) => isRunId(run))
    .sort(([a, at], [b, bt]) => bt - at || (a < b ? 1 : -1))
    .map(([run]) => run);
}

interface RunKeys {
  readonly folder: string;
  readonly index: string;
  readonly created: string;
}

function openRun(client: S3Client, run: string, at: RunKeys): RunLog {
  const read = s3EventReader(client, `${at.folder}events/`);
  return {
    run,
    append: async (events) => {
      // Whoever records the creation without having called `create` (a platform's first pod) makes the entry.
      const creation = events.find(({ kind }) => kind === "run.created");
      if (creation !== undefined) {
        await client.putIfAbsent(at.index, ownToken());
        await client.tryPut(`${at.created}${Date.parse(creation.time)}`, Buffer.from(creation.time));
      }
      for (const [writer, batch] of byWriter(events)) await appendBatch(client, at.folder, writer, batch);
    },
    read,
    claim: (name) => client.putIfAbsent(`${at.folder}claims/${claimFile(name)}`, ownToken()),
    putIfAbsent: async (key, content) => client.putIfAbsent(`${at.folder}${blobKey(key)}`, wholeContent(content)),
    get: async (key) => client.get(`${at.folder}${blobKey(key)}`),
    list: (prefix) => listBlobs(client, at.folder, prefix),
    delete: async (key) => client.delete(`${at.folder}${blobKey(key)}`),
  };
}

/**
 * The key has the digest of what it holds: a flush that is repeated, after a lost answer or by another process, meets its
 * own object and changes nothing.
 */
async function appendBatch(client: S3Client, folder: string, writer: string, batch: readonly Event[]): Promise<void> {
  const content = Buffer.from(printEvents(batch));
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const first = String(batch[0]?.seq ?? 0).padStart(8, "0");
  const key = `${folder}events/${claimFile(writer)}.${first}.${digest}.ndjson`;
  if (await client.putIfAbsent(key, content)) return;
  if ((await client.get(key))?.equals(content)) return;
  throw new StoreError("cannot write to", `the bucket ${client.name}`, `${key} holds something else`);
}

/** One request for a folder of blobs; all keys of the run only where no folder is named. */
async function listBlobs(client: S3Client, folder: string, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of client.list(`${folder}${prefix}`)) {
    const own = key.slice(folder.length);
    if (!own.startsWith("events/") && !own.startsWith("claims/")) keys.push(own);
  }
  return keys.sort();
}

async function removeAll(client: S3Client, prefix: string): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of client.list(prefix)) keys.push(key);
  await inParallel(16, keys, client.delete);
}

async function isEmpty(list: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of list) return false;
  return true;
}
