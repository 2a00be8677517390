import { rejoinFrame } from "./native-dialect.ts";

/**
 * Ends an event stream after `limitMs`: a function is billed until its stream ends, even when the reader has gone. Readers come
 * back with the id of the last event they have, and lose nothing.
 */
export function boundStream(response: Response, limitMs: number): Response {
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream"))
    return response;
  const reader = response.body.getReader();
  let over: (() => void) | undefined;
  const late = new Promise<"late">((resolve) => {
    over = () => resolve("late");
  });
  const timer = setTimeout(() => over?.(), limitMs);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await Promise.race([reader.read(), late]);
      if (next === "late") {
        controller.enqueue(new TextEncoder().encode(rejoinFrame));
        controller.close();
        await reader.cancel();
        return;
      }
      if (!next.done) return controller.enqueue(next.value);
      clearTimeout(timer);
      controller.close();
    },
    async cancel() {
      clearTimeout(timer);
      await reader.cancel();
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
