import type { FlowEvent } from "../event.ts";

/** Says an answer to those who listen while it comes. */
export interface Voice {
  /** Announces the answer, once. */
  begin(first?: string): void;
  say(text: string): void;
}

export function openVoice(nodeId: string, emit: (event: FlowEvent) => void): Voice {
  let begun = false;
  return {
    begin(first = "") {
      if (begun) return;
      begun = true;
      emit({ type: "chat.started", nodeId, text: first });
    },
    say(text) {
      this.begin(text);
      emit({ type: "text.delta", nodeId, text });
    },
  };
}

/** Says a text that is known as a whole, word by word. */
export function sayWords(voice: Voice | undefined, text: string): void {
  for (const word of text.match(/\s*\S+\s*$|\s*\S+/g) ?? []) voice?.say(word);
}
