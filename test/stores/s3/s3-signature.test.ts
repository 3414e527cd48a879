import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { encodePath, signedHeaders } from "../../../src/stores/s3/signature.ts";

/** The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. */
const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const host = "examplebucket.s3.amazonaws.com";
const nothing = createHash("sha256").digest("hex");

it.each([
  [
    "an object",
    { method: "GET", path: "/test.txt", query: {}, headers: { range: "bytes=0-9" }, sha256: nothing },
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  ],
  [
    "a new object with a sign in its key",
    {
      method: "PUT",
      path: encodePath("/test$file.text"),
      query: {},
      headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
      sha256: createHash("sha256").update("Welcome to Amazon S3.").digest("hex"),
    },
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  ],
  [
    "a query without a value",
    { method: "GET", path: "/", query: { lifecycle: "" }, headers: {}, sha256: nothing },
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  ],
  [
    "a listing",
    { method: "GET", path: "/", query: { prefix: "J", "max-keys": "2" }, headers: {}, sha256: nothing },
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  ],
])("signs %s as AWS does", (_, request, signature) => {
  const headers = signedHeaders({ host, ...request }, credentials, "us-east-1", new Date("2013-05-24T00:00:00Z"));
  expect(headers.authorization).toMatch(new RegExp(`Signature=${signature}$`));
});

it("signs the token of temporary credentials", () => {
  const request = { method: "GET", host, path: "/", query: {}, headers: {}, sha256: nothing };
  const headers = signedHeaders(request, { ...credentials, sessionToken: "t" }, "eu-north-1", new Date(0));
  expect(headers["x-amz-security-token"]).toBe("t");
  expect(headers.authorization).toContain("x-amz-date;x-amz-security-token,");
  expect(headers.authorization).toContain("/19700101/eu-north-1/s3/aws4_request");
});
