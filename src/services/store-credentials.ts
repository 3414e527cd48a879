/** Variables with which every S3 store is reached and that nobody else may read. Key ids and addresses are no secrets. */
const ofBuckets = [
  ...["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
  ...["AWS_CONTAINER_AUTHORIZATION_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
];

const ofMlflow = ["MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"];

type Environment = { readonly [name: string]: string | undefined };

/**
 * The keys, tokens and passwords with which a service is reached, as far as its configuration (variables replaced) and the
 * environment hold them: tasks have that environment, too, and what they print is shown and stored. May hold doubles.
 */
export function credentialsOf(type: string, address: string | undefined, environment: Environment): readonly string[] {
  const values = (names: readonly string[]) => names.flatMap((name) => environment[name] || []);
  switch (type) {
    case "s3":
      return values(ofBuckets);
    case "postgres":
      return [...passwordIn(address), ...values(["PGPASSWORD"])];
    case "mlflow":
      return [...passwordIn(address || environment.MLFLOW_TRACKING_URI), ...values(ofMlflow)];
    default:
      return [];
  }
}

/**
 * The password of an address, as it is and as it is written there. One that equals the user's name, as in
 * `postgres:postgres@localhost`, guards nothing: it would only make logs unreadable.
 */
function passwordIn(address: string | undefined): readonly string[] {
  if (!address || !URL.canParse(address)) return [];
  const { username, password, searchParams } = new URL(address);
  const written = password === username ? [] : [password, decoded(password)];
  return [...written, ...searchParams.getAll("password")];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
