import type { ColumnType, Generated } from "kysely";

/** Every table on one page. JSON that belongs to Flowise's wire stays text, as it came. */
export interface Database {
  flow: FlowTable;
  flow_version: FlowVersionTable;
  prediction: PredictionTable;
  webhook_delivery: WebhookDeliveryTable;
  execution: ExecutionTable;
  chat_message: ChatMessageTable;
  chat_message_feedback: FeedbackTable;
  lead: LeadTable;
  credential: CredentialTable;
  variable: VariableTable;
  tool: ToolTable;
  document_store: DocumentStoreTable;
  document_store_chunk: DocumentStoreChunkTable;
  document_store_vector: DocumentStoreVectorTable;
  api_key: ApiKeyTable;
  setting: SettingTable;
  schedule: ScheduleTable;
  schedule_log: ScheduleLogTable;
  upsert_history: UpsertHistoryTable;
  upsert_leftover: UpsertLeftoverTable;
}

type Created = ColumnType<Date, Date | undefined, never>;
type Updated = ColumnType<Date, Date | undefined, Date>;
type Moment = ColumnType<Date | null, Date | null | undefined, Date | null>;

interface FlowTable {
  id: string;
  name: string;
  type: string;
  /** Raised by every change of the graph or of a setting that a run reads. */
  version: Generated<number>;
  flow_data: string;
  deployed: Generated<boolean>;
  is_public: Generated<boolean>;
  apikeyid: string | null;
  chatbot_config: string | null;
  api_config: string | null;
  analytic: string | null;
  speech_to_text: string | null;
  text_to_speech: string | null;
  follow_up_prompts: string | null;
  mcp_server_config: string | null;
  category: string | null;
  created_date: Created;
  updated_date: Updated;
}

/** What a flow was at one version: a prediction stays on the version it began with. */
interface FlowVersionTable {
  flow_id: string;
  version: number;
  /** JSON of the flow's row, less its dates. */
  snapshot: string;
  created_date: Created;
}

interface PredictionTable {
  /** `prd_…`, ordered by time. */
  id: string;
  flow_id: string;
  flow_version: number;
  chat_id: string;
  session_id: string;
  /** queued | running | paused | succeeded | failed | canceled | expired */
  state: string;
  /** 0 until a worker wrote; only a higher or equal fence may write. */
  fence: Generated<number>;
  segment: Generated<number>;
  /** The request, sealed with the credential key; only of accepted (202) predictions. */
  request: Buffer | null;
  result: string | null;
  error: string | null;
  execution_id: string | null;
  /** Compacted event log, JSON lines. */
  events: string | null;
  created_at: Created;
  started_at: Moment;
  finished_at: Moment;
  deadline_at: Moment;
  /** JSON of the job less its request; only of accepted predictions: whoever finds them may queue them again. */
  job: string | null;
  api_key_id: string | null;
  idempotency_key: string | null;
  idempotency_hash: string | null;
  metadata: string | null;
  priority: Generated<number>;
  /** JSON of where its events are sent. */
  webhook: string | null;
  /** JSON of the run's state less its records, while a human is waited for or may try again. */
  checkpoint: string | null;
  /** JSON of how far an accepted prediction has come, while it runs. */
  progress: string | null;
}

/** The outbox of webhooks: rows of the transaction that they tell about. */
interface WebhookDeliveryTable {
  id: string;
  prediction_id: string;
  event: string;
  url: string;
  payload: string;
  attempts: Generated<number>;
  next_at: ColumnType<Date, Date | undefined, Date>;
  /** pending | delivered | failed */
  state: Generated<string>;
  last_status: number | null;
  last_error: string | null;
  created_at: Created;
  delivered_at: Moment;
}

interface ExecutionTable {
  id: string;
  agentflow_id: string;
  session_id: string;
  state: string;
  execution_data: string;
  action: string | null;
  is_public: Generated<boolean>;
  created_date: Created;
  updated_date: Updated;
  stopped_date: Moment;
}

interface ChatMessageTable {
  id: string;
  /** Order of insertion: two messages of one prediction share a millisecond. */
  seq: Generated<string>;
  role: string;
  chatflowid: string;
  execution_id: string | null;
  content: string;
  source_documents: string | null;
  used_tools: string | null;
  file_annotations: string | null;
  agent_reasoning: string | null;
  reason_content: string | null;
  file_uploads: string | null;
  artifacts: string | null;
  action: string | null;
  chat_type: string;
  chat_id: string;
  memory_type: string | null;
  session_id: string | null;
  lead_email: string | null;
  follow_up_prompts: string | null;
  created_date: Created;
}

interface FeedbackTable {
  id: string;
  chatflowid: string;
  chat_id: string;
  message_id: string;
  rating: string | null;
  content: string | null;
  created_date: Created;
}

interface LeadTable {
  id: string;
  chatflowid: string;
  chat_id: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  created_date: Created;
}

interface CredentialTable {
  id: string;
  name: string;
  /** Flowise's component type, e.g. `openAIApi`. */
  credential_name: string;
  /** AES-256-GCM, see `credential/seal.ts`. */
  sealed: Buffer;
  created_date: Created;
  updated_date: Updated;
}

interface VariableTable {
  id: string;
  name: string;
  value: string;
  type: string;
  created_date: Created;
  updated_date: Updated;
}

interface ToolTable {
  id: string;
  name: string;
  description: string;
  color: string;
  icon_src: string | null;
  schema: string | null;
  func: string | null;
  created_date: Created;
  updated_date: Updated;
}

interface DocumentStoreTable {
  id: string;
  name: string;
  description: string | null;
  /** JSON list of `Loader`, see `document-store/loader.ts`. */
  loaders: Generated<string>;
  where_used: Generated<string>;
  /** EMPTY | NEW | STALE | SYNCING | SYNC | UPSERTING | UPSERTED */
  status: string;
  /** JSON `{config, name}`, as the next two. */
  vector_store_config: string | null;
  embedding_config: string | null;
  record_manager_config: string | null;
  created_date: Created;
  updated_date: Updated;
}

interface DocumentStoreChunkTable {
  /** Also its id in the vector store. */
  id: string;
  store_id: string;
  /** Id of the loader that it comes from. */
  doc_id: string;
  chunk_no: number;
  page_content: string;
  metadata: string;
}

/** What was put into a vector store, so that it can be taken out again. */
interface DocumentStoreVectorTable {
  id: string;
  store_id: string;
  doc_id: string;
  /** SHA-256 of content and metadata. */
  hash: string;
}

interface ApiKeyTable {
  id: string;
  key_name: string;
  /** SHA-256 of the key, hex. */
  key_hash: string;
  /** First characters of the key, to tell keys apart. */
  key_hint: string;
  permissions: string;
  updated_date: Updated;
  /** Keys of one tenant share its limit. */
  tenant: string | null;
  /** In place of the limit for all keys. */
  rate_limit: string | null;
  /** Predictions open at once, in place of the cap for all keys. */
  max_concurrent: number | null;
}

/** Facts of this installation, e.g. the generated credential key. */
interface SettingTable {
  name: string;
  value: string;
}

/** When a flow starts by itself. */
interface ScheduleTable {
  flow_id: string;
  enabled: Generated<boolean>;
  cron: string;
  timezone: string;
  ends_at: Moment;
  created_date: Created;
  updated_date: Updated;
}

/** One filling of a chatflow's vector store, in Flowise's words. */
interface UpsertHistoryTable {
  id: string;
  chatflowid: string;
  result: string;
  /** What its nodes were set to. */
  flow_data: string;
  date: Created;
}

/** A chunk that a failed upsert could not take out of a vector store again. */
interface UpsertLeftoverTable {
  id: string;
  flow_id: string;
  node_id: string;
}

/** One firing of a schedule: QUEUED, SUCCEEDED, FAILED or SKIPPED. */
interface ScheduleLogTable {
  id: string;
  flow_id: string;
  scheduled_at: Date;
  status: string;
  prediction_id: string | null;
  error: string | null;
  created_date: Created;
}
