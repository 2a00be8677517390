import { expect, test } from "vitest";
import { type ModelAnswer, ModelError } from "../model.ts";
import { defaultRetryPolicy, withRetry } from "./retry.ts";

const answer: ModelAnswer = { text: "ok", toolCalls: [], metadata: {} };
const policy = { ...defaultRetryPolicy, firstDelayMs: 1, maxDelayMs: 2 };
const busy = (retryAfterMs?: number) =>
  new ModelError("503 busy", { retryable: true, retryAfterMs });
const request = (signal = new AbortController().signal) => ({ messages: [], signal });

test("attempts end with the policy's number of retries", async () => {
  let attempts = 0;
  const always = async () => {
    attempts++;
    throw busy();
  };
  await expect(withRetry(request(), always, policy)).rejects.toThrow("503 busy");
  expect(attempts).toBe(policy.maxRetries + 1);
});

test("a pause longer than the limit is not waited for", async () => {
  let attempts = 0;
  const always = async () => {
    attempts++;
    throw busy(policy.maxRetryAfterMs + 1);
  };
  await expect(withRetry(request(), always, policy)).rejects.toThrow("503 busy");
  expect(attempts).toBe(1);
});

test("no attempt follows once text was delivered", async () => {
  let attempts = 0;
  const half = async (each: { onText?: (text: string) => void }): Promise<ModelAnswer> => {
    attempts++;
    each.onText?.("half");
    throw busy();
  };
  await expect(withRetry({ ...request(), onText() {} }, half, policy)).rejects.toThrow("503 busy");
  expect(attempts).toBe(1);
  const once = async () => (++attempts === 2 ? Promise.reject(busy()) : answer);
  expect(await withRetry(request(), once, policy)).toBe(answer);
});

test("an abort ends the pause at once with its reason", async () => {
  const abort = new AbortController();
  const reason = new Error("canceled");
  const pending = withRetry(
    request(abort.signal),
    async () => Promise.reject(busy(20_000)),
    policy,
  );
  setTimeout(() => abort.abort(reason), 10);
  await expect(pending).rejects.toBe(reason);
});
