import type { PredictionJob, PredictionRequest } from "@sluice/core/prediction/prediction";
import { heardQuestion, recordingOf } from "@sluice/engine/speech/heard-question";
import { readSpeechSetting } from "@sluice/engine/speech/speech-setting";
import type { RunnerDeps } from "./run-prediction.ts";

/** The request with what was said aloud as its question, or why that is not known. Only recordings cost anything here. */
export async function heard(
  deps: Pick<RunnerDeps, "services" | "speechToText">,
  job: PredictionJob,
  request: PredictionRequest,
  signal: AbortSignal,
): Promise<{ request: PredictionRequest; problem?: string }> {
  const recording = recordingOf(request.uploads);
  if (!recording) return { request };
  try {
    const speech = readSpeechSetting(await deps.speechToText(job.flowId));
    if (!speech) return { request };
    const question = await heardQuestion(recording, speech, deps.services(job), signal);
    return { request: { ...request, question } };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { request, problem: `The recording could not be understood: ${words}` };
  }
}
