/** SQL: what a webhook will tell of a prediction, as it is at this moment; null for one without a webhook. */
export const snapshotSql = `case when prediction.webhook is null then null else json_build_object(
    'id', prediction.id, 'flow_id', prediction.flow_id, 'flow_version', prediction.flow_version,
    'state', prediction.state, 'chat_id', prediction.chat_id, 'session_id', prediction.session_id,
    'result', prediction.result, 'error', prediction.error, 'execution_id', prediction.execution_id,
    'metadata', prediction.metadata, 'priority', prediction.priority, 'created_at', prediction.created_at,
    'started_at', prediction.started_at, 'finished_at', prediction.finished_at,
    'deadline_at', prediction.deadline_at, 'webhook', prediction.webhook)::text end`;

/** SQL: the columns that a CTE `written` returns for {@link outboxSql}. */
export const outboxColumnsSql = `prediction.id, prediction.state, prediction.webhook, ${snapshotSql} as snapshot`;

/** SQL: a delivery for each written prediction whose webhook wants its state. Part of the statement that writes the state. */
export const outboxSql = `
  insert into webhook_delivery (id, prediction_id, event, url, payload)
  select gen_random_uuid(), w.id, 'prediction.' || w.state, w.webhook::jsonb->>'url', w.snapshot
  from written w
  where w.webhook is not null
    and (jsonb_array_length(w.webhook::jsonb->'events') = 0 or w.webhook::jsonb->'events' ? w.state)`;
