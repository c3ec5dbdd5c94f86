-- What holds between a line and its entries, whoever writes them and however many at once.

CREATE OR REPLACE FUNCTION timesheets_entry_follows_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stray record;
BEGIN
    SELECT new_rows.id, new_rows.work_date, line.week, line.person_id = new_rows.person_id
           AND line.task_id = new_rows.task_id AS same
      INTO stray
      FROM new_rows JOIN timesheets_timesheetline line ON line.id = new_rows.line_id
     WHERE line.person_id <> new_rows.person_id OR line.task_id <> new_rows.task_id
        OR new_rows.work_date < line.week OR new_rows.work_date >= line.week + 7
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '%', CASE WHEN stray.same
            THEN format('Time of %s does not belong to the week of %s.', stray.work_date, stray.week)
            ELSE 'A time entry has the person and the task of its timesheet line.' END
            USING ERRCODE = 'WL001', HINT = 'entry_follows_line';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS entry_follows_line_insert ON timesheets_timeentry;
CREATE TRIGGER entry_follows_line_insert AFTER INSERT ON timesheets_timeentry
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION timesheets_entry_follows_line();

DROP TRIGGER IF EXISTS entry_follows_line_update ON timesheets_timeentry;
CREATE TRIGGER entry_follows_line_update AFTER UPDATE ON timesheets_timeentry
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION timesheets_entry_follows_line();
