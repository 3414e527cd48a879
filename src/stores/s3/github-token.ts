import type { Environment } from "../../system/environment.ts";

/** As much of a longer answer as is told. Characters. */
const mostTold = 200;

/**
 * GitHub's statement, for AWS, of which workflow this is; it holds for five minutes. Jobs may ask for it that have the
 * permission `id-token: write`.
 * https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
 */
export async function githubToken(env: Environment): Promise<string> {
  const url = new URL(env.ACTIONS_ID_TOKEN_REQUEST_URL ?? "");
  url.searchParams.set("audience", "sts.amazonaws.com");
  const headers = { authorization: `bearer ${env.ACTIONS_ID_TOKEN_REQUEST_TOKEN}`, accept: "application/json" };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  const value = answer.ok ? tokenIn(text) : undefined;
  if (value !== undefined) return value;
  const why = answer.ok ? "without a token" : `with status ${answer.status}: ${text.slice(0, mostTold)}`;
  const error = new Error(`GitHub answers the request for an identity token ${why}`);
  throw answer.status >= 500 ? Object.assign(error, { code: "EAI_AGAIN" }) : error;
}

function tokenIn(text: string): string | undefined {
  try {
    const { value }: { value?: unknown } = JSON.parse(text);
    return typeof value === "string" && value !== "" ? value : undefined;
  } catch {
    return undefined;
  }
}
