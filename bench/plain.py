"""The same work by hand-written SQL in the same cluster: no checks, no rules, no log, one statement where it can be."""

import io
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from bench.clock import timed

_TABLES = """
    DROP TABLE IF EXISTS plain_entry, plain_line, plain_invoice, plain_task, plain_project, plain_person CASCADE;
    CREATE TABLE plain_person (id bigint PRIMARY KEY);
    CREATE TABLE plain_project (id bigint PRIMARY KEY);
    CREATE TABLE plain_task (id bigint PRIMARY KEY, project_id bigint NOT NULL REFERENCES plain_project);
    CREATE TABLE plain_invoice (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        project_id bigint NOT NULL REFERENCES plain_project, net numeric(16,4) NOT NULL);
    CREATE TABLE plain_line (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        invoice_id bigint NOT NULL REFERENCES plain_invoice, task_id bigint NOT NULL REFERENCES plain_task,
        rate numeric(10,2) NOT NULL, hours numeric(10,2) NOT NULL, amount numeric(16,4) NOT NULL);
    CREATE TABLE plain_entry (id bigint PRIMARY KEY, person_id bigint NOT NULL REFERENCES plain_person,
        task_id bigint NOT NULL REFERENCES plain_task, work_date date NOT NULL,
        hours numeric(6,2) NOT NULL CHECK (hours BETWEEN 0 AND 24), rate numeric(10,2) NOT NULL, note text NOT NULL,
        line_id bigint REFERENCES plain_line);
    CREATE INDEX ON plain_entry (person_id, work_date);
    CREATE INDEX ON plain_entry (task_id, work_date);
    INSERT INTO plain_person SELECT id FROM directory_person;
    INSERT INTO plain_project SELECT id FROM projects_project;
    INSERT INTO plain_task SELECT id, project_id FROM projects_task;
"""
_ROWS = """
    COPY (SELECT e.id, e.person_id, e.task_id, e.work_date, round(e.worked_seconds / 3600.0, 2), r.rate_per_hour, e.note
          FROM timesheets_timeentry e
          JOIN directory_employmentterms m ON m.person_id = e.person_id
               AND e.work_date >= m.start AND (m."end" IS NULL OR e.work_date < m."end")
          JOIN contracts_rate r ON r.role_id = m.role_id
               AND e.work_date >= r.valid_from AND (r.valid_to IS NULL OR e.work_date < r.valid_to)) TO STDOUT
"""
_LOAD = "COPY plain_entry (id, person_id, task_id, work_date, hours, rate, note) FROM STDIN"
# Invoices, their lines, and the mark on every entry that says on which line it is.
_BILL = """
    WITH priced AS MATERIALIZED (
        SELECT e.id, t.project_id, e.task_id, e.rate, e.hours, round(e.hours * e.rate, 2) AS amount
        FROM plain_entry e JOIN plain_task t ON t.id = e.task_id WHERE e.line_id IS NULL
    ), invoices AS (
        INSERT INTO plain_invoice (project_id, net)
        SELECT project_id, sum(amount) FROM priced GROUP BY project_id RETURNING id, project_id
    ), lines AS (
        INSERT INTO plain_line (invoice_id, task_id, rate, hours, amount)
        SELECT i.id, p.task_id, p.rate, sum(p.hours), sum(p.amount)
        FROM priced p JOIN invoices i ON i.project_id = p.project_id GROUP BY i.id, p.task_id, p.rate
        RETURNING id, task_id, rate
    )
    UPDATE plain_entry e SET line_id = l.id
    FROM lines l WHERE l.task_id = e.task_id AND l.rate = e.rate AND e.line_id IS NULL
"""
# Decisions, items, WIP, journal entries, postings and balances of an approval into the product's own tables
# with their indexes, but without triggers: no period, no balance, no reference is checked and nothing is logged.
_TRIGGERS_OFF = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('ALTER TABLE %I DISABLE TRIGGER ALL', name);
        END LOOP;
    END $$
"""
_APPROVE = """
    WITH work AS MATERIALIZED (
        SELECT e.id, e.line_id, e.person_id, e.task_id, e.work_date, e.worked_seconds, e.note, t.project_id,
               t.contract_line_id, p.contract_id, p.client_id, p.entity_id, m.role_id, m.practice_id, m.office_id,
               r.rate_per_hour, d.id AS period_id, round(m.cost_rate * e.worked_seconds / 3600, 2) AS cost,
               round(r.rate_per_hour * round(e.worked_seconds / 3600.0, 2), 2) AS value,
               nextval(pg_get_serial_sequence('billing_billableitem', 'id')) AS item_id
        FROM timesheets_timeentry e
        JOIN projects_task t ON t.id = e.task_id
        JOIN projects_project p ON p.id = t.project_id
        JOIN directory_employmentterms m ON m.person_id = e.person_id
             AND e.work_date >= m.start AND (m."end" IS NULL OR e.work_date < m."end")
        JOIN contracts_rate r ON r.role_id = m.role_id
             AND e.work_date >= r.valid_from AND (r.valid_to IS NULL OR e.work_date < r.valid_to)
        JOIN ledger_period d ON d.book_id = p.entity_id AND e.work_date >= d.start AND e.work_date < d."end"
    ), decided AS (
        INSERT INTO timesheets_linedecision (line_id, decision, reason, content_hash)
        SELECT line_id, 'approved', '',
               md5(string_agg(format('%s %s %s %s', id, work_date, worked_seconds, note), '|' ORDER BY id))
        FROM work GROUP BY line_id
    ), lines AS (
        UPDATE timesheets_timesheetline SET state = 'approved' WHERE id IN (SELECT line_id FROM work)
    ), items AS (
        INSERT INTO billing_billableitem (id, source_id, entity_id, client_id, contract_id, contract_line_id,
            project_id, task_id, person_id, role_id, practice_id, office_id, service_date, worked_seconds,
            billable_seconds, currency, treatment, approved_seconds, rate, amount, recognized)
        SELECT item_id, id, entity_id, client_id, contract_id, contract_line_id, project_id, task_id, person_id,
               role_id, practice_id, office_id, work_date, worked_seconds, worked_seconds, 'EUR',
               'charged', worked_seconds, rate_per_hour, value, value
        FROM work
    ), wip AS (
        INSERT INTO billing_openitem
        SELECT item_id, entity_id, client_id, contract_id, project_id, work_date, worked_seconds, 'EUR', value, false
        FROM work
    ), journal AS (
        INSERT INTO ledger_journalentry (book_id, period_id, date, kind, description, source_kind)
        SELECT DISTINCT entity_id, period_id, work_date, kind, kind || ' ' || work_date, ''
        FROM work, unnest(ARRAY['time_approved', 'work_priced']) kind
        RETURNING id, book_id, date, kind
    ), sides AS MATERIALIZED (
        SELECT j.id AS entry_id, w.*, 'labour_cost' AS role, w.cost AS debit, 0 AS credit, w.worked_seconds AS quantity,
               w.worked_seconds AS billable, 'time' AS source_kind, w.id AS source_id
        FROM work w JOIN journal j ON j.date = w.work_date AND j.kind = 'time_approved'
        UNION ALL
        SELECT j.id, w.*, 'services_revenue', 0, w.value, 0, w.worked_seconds, 'item', w.item_id
        FROM work w JOIN journal j ON j.date = w.work_date AND j.kind = 'work_priced'
    ), postings AS MATERIALIZED (
        SELECT entry_id, entity_id, role, period_id, work_date, debit, credit, client_id, contract_id, contract_line_id,
               project_id, task_id, person_id, role_id, practice_id, office_id, quantity, billable, source_kind,
               source_id
        FROM sides
        UNION ALL
        SELECT entry_id, entity_id, 'labour_absorbed', period_id, work_date, 0, sum(debit), 0, 0, 0, 0, 0, 0, 0,
               practice_id, office_id, 0, 0, '', NULL
        FROM sides WHERE role = 'labour_cost' GROUP BY entry_id, entity_id, period_id, work_date, practice_id, office_id
        UNION ALL
        SELECT entry_id, entity_id, 'contract_position', period_id, work_date, sum(credit), 0, client_id, contract_id,
               contract_line_id, project_id, 0, 0, 0, 0, 0, 0, 0, '', NULL
        FROM sides WHERE role = 'services_revenue'
        GROUP BY entry_id, entity_id, period_id, work_date, client_id, contract_id, contract_line_id, project_id
    ), posted AS (
        INSERT INTO ledger_posting (entry_id, book_id, account_id, period_id, date, service_date, currency, debit,
            credit, functional_debit, functional_credit, client_id, contract_id, contract_line_id, project_id, task_id,
            person_id, role_id, practice_id, office_id, quantity, billable_quantity, unit, source_kind, source_id)
        SELECT p.entry_id, p.entity_id, a.id, p.period_id, p.work_date, p.work_date, 'EUR', p.debit, p.credit, p.debit,
               p.credit, p.client_id, p.contract_id, p.contract_line_id, p.project_id, p.task_id, p.person_id,
               p.role_id, p.practice_id, p.office_id, p.quantity, p.billable, 's', p.source_kind, p.source_id
        FROM postings p JOIN ledger_account a ON a.book_id = p.entity_id AND a.role = p.role
    ), balances AS (
        INSERT INTO ledger_balance (book_id, account_id, period_id, currency, client_id, contract_id,
            contract_line_id, project_id, debit, credit, functional_debit, functional_credit, quantity,
            billable_quantity)
        SELECT p.entity_id, a.id, p.period_id, 'EUR', p.client_id, p.contract_id, p.contract_line_id, p.project_id,
               sum(p.debit), sum(p.credit), sum(p.debit), sum(p.credit), sum(p.quantity), sum(p.billable)
        FROM postings p JOIN ledger_account a ON a.book_id = p.entity_id AND a.role = p.role
        GROUP BY p.entity_id, a.id, p.period_id, p.client_id, p.contract_id, p.contract_line_id, p.project_id
    )
    INSERT INTO ledger_personbalance (book_id, account_id, period_id, person_id, role_id, practice_id, office_id,
        functional_debit, functional_credit, quantity, billable_quantity)
    SELECT p.entity_id, a.id, p.period_id, p.person_id, p.role_id, p.practice_id, p.office_id,
           sum(p.debit), sum(p.credit), sum(p.quantity), sum(p.billable)
    FROM postings p JOIN ledger_account a ON a.book_id = p.entity_id AND a.role = p.role
    WHERE p.person_id <> 0
    GROUP BY p.entity_id, a.id, p.period_id, p.person_id, p.role_id, p.practice_id, p.office_id
"""


def copy_entries() -> dict[str, Any]:
    """COPY the entries, ready as text, into a table with keys, foreign keys, a check and two indexes."""
    text = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        with cursor.copy(_ROWS) as rows:
            for chunk in rows:
                text.write(chunk)
        cursor.execute("CHECKPOINT")

        def load() -> None:
            with cursor.copy(_LOAD) as target:
                target.write(text.getvalue())

        seconds, _ = timed(load)
        cursor.execute("SELECT count(*) FROM plain_entry")
        (count,) = cursor.fetchone()
    return {"seconds": seconds, "rows": count}


def bill() -> dict[str, Any]:
    """One statement that writes invoices and lines and marks every entry; `copy_entries` comes first."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) plain_entry, plain_task")
        cursor.execute("CHECKPOINT")
        seconds, _ = timed(lambda: cursor.execute(_BILL))
        count = cursor.rowcount
        cursor.execute("SELECT count(*), sum(amount) FROM plain_line")
        lines, net = cursor.fetchone()
    return {"seconds": seconds, "rows": count, "lines": lines, "net": str(net)}


def approve() -> dict[str, Any]:
    """One statement that writes what an approval writes."""

    def work() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_APPROVE)

    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS_OFF)
        cursor.execute("CHECKPOINT")
        seconds, _ = timed(work)
        cursor.execute("SELECT count(*) FROM billing_billableitem")
        (count,) = cursor.fetchone()
        cursor.execute("SELECT count(*), sum(debit) - sum(credit) FROM ledger_posting")
        postings, difference = cursor.fetchone()
    assert not difference, f"the plain postings do not balance: {difference}"
    return {"seconds": seconds, "rows": count, "postings": postings}


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "plain_copy": copy_entries, "plain_bill": bill, "plain_approve": approve,
}  # fmt: skip
