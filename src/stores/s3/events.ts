import { createHash } from "node:crypto";
import type { Event } from "../../protocol/event.ts";
import { inParallel } from "../../system/limit.ts";
import { type LineDamage, parseEvents, type TellDamage } from "../contract/event-lines.ts";
import type { S3Client, S3Object } from "./client.ts";

/** Objects of one level that are joined into one of the next. */
const groupSize = 16;
/** Groups that one reader joins: the others are for those who come after. */
const mostGroups = 8;

/**
 * Reads the events of a run in a bucket, again only what is new. Each flush is an object, so that a run of n steps has
 * some 3n, and as many readers; so that not each of them gets each object, a reader that got 16 of them writes one that
 * holds the same lines, and later ones get that instead; 16 such are joined in turn. The objects themselves stay: whoever
 * is reading, copying or writing meanwhile misses nothing, and what is joined twice, or not since a reader was killed, is
 * the same set of events. `folder`: ends with `events/`.
 */
export function s3EventReader(client: S3Client, folder: string): (tell?: TellDamage) => Promise<readonly Event[]> {
  const known = new Map<string, readonly Event[]>();
  const covered = new Set<string>();
  const damages: (readonly [place: string, damage: LineDamage])[] = [];
  const readLevel = async (names: readonly string[]): Promise<ReadonlyMap<string, Buffer>> => {
    const fresh = new Map<string, Buffer>();
    await inParallel(
      16,
      names.filter((name) => !known.has(name) && !covered.has(name)),
      async (name) => {
        const content = await client.get(`${folder}${name}`);
        if (content === null || !isWhole(name, content)) return;
        fresh.set(name, content);
        known.set(
          name,
          parseEvents(content, (damage) => damages.push([`events/${name}`, damage])),
        );
      },
    );
    for (const [joined, content] of fresh) for (const name of namesJoined(joined, content)) covered.add(name);
    return fresh;
  };
  return async (tell) => {
    const levels = await levelsOf(client.list(folder), folder);
    const joins: Join[] = [];
    for (let level = levels.length - 1; level >= 0; level--) {
      const names = (levels[level] ?? []).map(({ key }) => key);
      const fresh = await readLevel(names);
      joins.push(
        ...joinsOf(
          level,
          names.filter((name) => !covered.has(name)),
          fresh,
        ),
      );
    }
    await inParallel(mostGroups, joins, ({ name, content }) => client.tryPut(`${folder}${name}`, content));
    for (const [place, damage] of damages) tell?.(place, damage);
    const events = new Map<string, Event>();
    for (const batch of known.values()) for (const event of batch) events.set(event.id, event);
    return [...events.values()];
  };
}

interface Join {
  readonly name: string;
  readonly content: Buffer;
}

/** `joined=LEVEL.DIGEST.ndjson`; no writer's own object can be called so, in which two digits follow a `=`. */
const joinedName = /^joined=(\d)\.([0-9a-f]{32})\.ndjson$/;
/** 16 to the power of it: more than any run has. */
const highestLevel = 6;

/** Names by level, oldest first: whoever reads at about the same time joins the same ones. */
async function levelsOf(objects: AsyncIterable<S3Object>, folder: string): Promise<readonly (readonly S3Object[])[]> {
  const levels: S3Object[][] = [[]];
  for await (const { key, modified } of objects) {
    const name = key.slice(folder.length);
    if (!name.endsWith(".ndjson")) continue;
    const level = Number(joinedName.exec(name)?.[1] ?? 0);
    while (levels.length <= level) levels.push([]);
    levels[level]?.push({ key: name, modified });
  }
  for (const level of levels) level.sort((a, b) => a.modified - b.modified || (a.key < b.key ? -1 : 1));
  return levels;
}

/** Groups whose objects were all read just now; what was read earlier in this process, others join. */
function joinsOf(level: number, names: readonly string[], fresh: ReadonlyMap<string, Buffer>): readonly Join[] {
  if (level >= highestLevel) return [];
  const joins: Join[] = [];
  for (let from = 0; from + groupSize <= names.length && joins.length < mostGroups; from += groupSize) {
    const group = names.slice(from, from + groupSize);
    const contents = group.flatMap((name) => fresh.get(name) ?? []);
    if (contents.length < groupSize) continue;
    // No event: whoever takes the object for one of a writer leaves the line out.
    const head = Buffer.from(`${JSON.stringify({ joined: group })}\n`);
    const content = Buffer.concat([head, ...contents.flatMap((each) => [each, lineEnd(each)])]);
    joins.push({ name: `joined=${level + 1}.${digestOf(content)}.ndjson`, content });
  }
  return joins;
}

/** A torn last line does not run on. */
function lineEnd(content: Buffer): Buffer {
  return Buffer.from(content.length === 0 || content.at(-1) === 0x0a ? "" : "\n");
}

/** One that is joined says itself what it holds; a part of it, left by whatever copied it, stands for nothing. */
function isWhole(name: string, content: Buffer): boolean {
  const digest = joinedName.exec(name)?.[2];
  return digest === undefined || digest === digestOf(content);
}

/** What a joined object stands for, and what those of them stand for that are joined themselves. */
function namesJoined(joined: string, content: Buffer): readonly string[] {
  if (!joinedName.test(joined)) return [];
  const names: string[] = [];
  for (const line of content.toString("utf8").split("\n")) {
    if (line.startsWith(headMark)) names.push(...namesIn(line));
  }
  return names;
}

/** An event's line begins in another way: with its version. */
const headMark = '{"joined":[';

function namesIn(line: string): readonly string[] {
  try {
    const { joined }: { joined?: unknown } = JSON.parse(line);
    return Array.isArray(joined) ? joined.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

function digestOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}
