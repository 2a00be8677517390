/** What becomes of a message while an earlier one of its conversation is open. */
export type TurnPolicy = "enqueue" | "reject" | "interrupt";

/** What a prediction takes up while it is open. Held as leases: what nobody renews becomes free by itself. */
export interface Places {
  caps?: { name: string; max: number }[];
  /** The conversation, of which one message at a time is answered. */
  turn?: { name: string; policy: TurnPolicy };
}
