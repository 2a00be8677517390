import { AppError } from "@sluice/core/error";
import type { PredictionRequest } from "@sluice/core/prediction/prediction";
import { z } from "zod";

/** It becomes part of keys and indices. */
export const ConversationId = z
  .string()
  .max(500, "at most 500 characters are expected")
  .refine((text) => !text.includes("\u0000"), "a NUL character is not allowed");

const maxUploads = 100;

/** Anything but a yes or a no would be taken for a no, and the question be gone. */
export const HumanInput = z.looseObject({
  type: z.enum(["proceed", "reject"]),
  startNodeId: z.string().optional(),
  feedback: z.string().optional(),
});

/** The fields of Flowise's prediction body that we read; others are ignored, as there. */
export const PredictionBody = z.looseObject({
  question: z.string().nullish(),
  form: z.record(z.string(), z.unknown()).nullish(),
  streaming: z.unknown().optional(),
  chatId: ConversationId.nullish(),
  overrideConfig: z
    .record(z.string(), z.unknown())
    .superRefine(({ sessionId }, context) => {
      if (typeof sessionId !== "string") return;
      const [issue] = ConversationId.safeParse(sessionId).error?.issues ?? [];
      if (issue) context.addIssue({ code: "custom", path: ["sessionId"], message: issue.message });
    })
    .nullish(),
  history: z.unknown().optional(),
  uploads: z
    .array(
      z.looseObject({
        type: z.string(),
        name: z.string().default(""),
        mime: z.string().optional(),
        data: z.string().optional(),
      }),
    )
    // Each becomes an object of its own.
    .max(maxUploads, `at most ${maxUploads} are expected`)
    .nullish(),
  leadEmail: z.string().nullish(),
  humanInput: HumanInput.nullish(),
});

export interface ReadPrediction {
  request: PredictionRequest;
  stream: boolean;
  chatId: string | undefined;
  sessionId: string | undefined;
}

/** Reads a body of any of Flowise's content types. Throws what the caller did wrong. */
export function readPrediction(body: unknown): ReadPrediction {
  const parsed = PredictionBody.safeParse(body ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AppError("invalid", `${issue?.path.join(".") || "body"}: ${issue?.message}`);
  }
  const {
    question,
    form,
    streaming,
    chatId,
    overrideConfig,
    history,
    uploads,
    leadEmail,
    humanInput,
  } = parsed.data;
  const sessionId = overrideConfig?.sessionId;
  return {
    request: {
      ...(question && { question }),
      ...(form && { form }),
      ...(overrideConfig && { overrideConfig }),
      ...(history !== undefined && { history }),
      ...(uploads?.length && { uploads: uploads as NonNullable<PredictionRequest["uploads"]> }),
      ...(leadEmail && { leadEmail }),
      ...(humanInput && { humanInput }),
    },
    stream: streaming === true || streaming === "true",
    chatId: chatId || undefined,
    sessionId: typeof sessionId === "string" && sessionId ? sessionId : undefined,
  };
}
