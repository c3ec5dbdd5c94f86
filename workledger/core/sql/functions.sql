-- The id of the running action, set by the door for the length of its transaction.
CREATE OR REPLACE FUNCTION workledger_action() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('workledger.action', true), '')::bigint
$$;

-- One row per changed row, written once per statement, so bulk updates are seen and stay fast.
-- A new version that differs in nothing is not a change.
CREATE OR REPLACE FUNCTION workledger_log_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO core_rowlog (table_name, operation, row_id, before, after, database_user)
         SELECT %L, ''update'', o.%I, to_jsonb(o), to_jsonb(n), session_user
         FROM old_rows o JOIN new_rows n ON n.%I = o.%I WHERE o IS DISTINCT FROM n',
        TG_TABLE_NAME, TG_ARGV[0], TG_ARGV[0], TG_ARGV[0]);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION workledger_log_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO core_rowlog (table_name, operation, row_id, before, database_user)
         SELECT %L, ''delete'', o.%I, to_jsonb(o), session_user FROM old_rows o',
        TG_TABLE_NAME, TG_ARGV[0]);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION workledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are never changed or removed. Write a reversal instead.', TG_TABLE_NAME
        USING ERRCODE = 'WL001', HINT = 'append_only';
END $$;
