import { EvaluationError } from "./evaluate.ts";
import { isList, isObject, type Value, type ValueObject } from "./expression-data.ts";

/** At most so many jobs come from one matrix (docs.github.com, "Usage limits"). */
export const matrixLimit = 256;

/**
 * The legs of a matrix: the product of its vectors, the first varying slowest; without those that an `exclude` matches;
 * with each `include` merged into the legs whose own values it does not change, or added as a leg where there is none.
 * Throws {@link EvaluationError} where GitHub fails the job: an empty vector, no leg, more than 256.
 */
export function legsOf(matrix: Value): readonly ValueObject[] {
  if (!isObject(matrix)) throw new EvaluationError("The matrix is not a mapping");
  const include = objects(matrix, "include");
  const exclude = objects(matrix, "exclude");
  const vectors = Object.entries(matrix).filter(([name]) => !/^(include|exclude)$/i.test(name));
  const product = productOf(vectors).filter((leg) => !exclude.some((entry) => matches(leg, entry)));
  const legs = included(vectors.length === 0 ? [] : product, include);
  if (legs.length === 0) throw new EvaluationError("The matrix has no leg: a job cannot run zero times");
  if (legs.length > matrixLimit)
    throw new EvaluationError(`The matrix has ${legs.length} legs, and a job can have at most ${matrixLimit}`);
  return legs;
}

function objects(matrix: ValueObject, name: string): readonly ValueObject[] {
  const value = Object.entries(matrix).find(([key]) => key.toLowerCase() === name)?.[1] ?? [];
  if (!isList(value)) throw new EvaluationError(`${name} of the matrix is not a sequence`);
  return value.map((entry) => {
    if (!isObject(entry)) throw new EvaluationError(`An entry of ${name} of the matrix is not a mapping`);
    return entry;
  });
}

function productOf(vectors: readonly (readonly [string, Value])[]): readonly ValueObject[] {
  let legs: readonly ValueObject[] = [{}];
  for (const [name, vector] of vectors) {
    if (!isList(vector)) throw new EvaluationError(`Matrix vector '${name}' is not a sequence`);
    if (vector.length === 0) throw new EvaluationError(`Matrix vector '${name}' does not contain any values`);
    if (legs.length * vector.length > 1_000_000) throw new EvaluationError("The matrix has more than 256 legs");
    legs = legs.flatMap((leg) => vector.map((value) => ({ ...leg, [name]: value })));
  }
  return legs;
}

function included(product: readonly ValueObject[], include: readonly ValueObject[]): readonly ValueObject[] {
  const legs = product.map((values) => ({ original: values, values }));
  const added: ValueObject[] = [];
  for (const entry of include) {
    let merged = false;
    for (const leg of legs) {
      const own = Object.keys(entry).filter((key) => Object.hasOwn(leg.original, key));
      if (!own.every((key) => same(leg.original[key], entry[key]))) continue;
      leg.values = { ...leg.values, ...entry };
      merged = true;
    }
    if (!merged) added.push(entry);
  }
  return [...legs.map((leg) => leg.values), ...added];
}

/** An entry may name only some of the vectors, and of an object only some of the keys. */
function matches(leg: Value | undefined, entry: Value): boolean {
  if (!isObject(entry) || !isObject(leg)) return same(leg, entry);
  return Object.entries(entry).every(([key, value]) => Object.hasOwn(leg, key) && matches(leg[key], value));
}

function same(a: Value | undefined, b: Value | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
