/** A piece of text with what is known of it, as Flowise's wire shows it. */
export interface Document {
  pageContent: string;
  metadata: Record<string, unknown>;
  id?: string;
}
