/** What went through the simulator. */
export interface Stats {
  requests: number;
  streams: number;
  embeddings: number;
  completed: number;
  /** The asker went away before the end. */
  aborted: number;
  /** Refused or broken because the asker wanted it so. */
  faults: number;
  tokens: number;
  toolCalls: number;
  active: number;
  peakActive: number;
  maxLateMs: number;
}

export const noStats = (): Stats => ({
  requests: 0,
  streams: 0,
  embeddings: 0,
  completed: 0,
  aborted: 0,
  faults: 0,
  tokens: 0,
  toolCalls: 0,
  active: 0,
  peakActive: 0,
  maxLateMs: 0,
});
