-- What holds the books whatever code runs. Every rule is per statement, over the rows just written,
-- so that a hundred thousand postings cost a few set operations and not a hundred thousand look-ups.

CREATE OR REPLACE FUNCTION ledger_check_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    period_name text;
BEGIN
    IF EXISTS (
        SELECT 1 FROM new_rows n LEFT JOIN ledger_journalentry e ON e.id = n.entry_id
        WHERE e.id IS NULL OR e.transaction_id <> pg_current_xact_id()::text::bigint
           OR (e.book_id, e.period_id, e.date) IS DISTINCT FROM (n.book_id, n.period_id, n.date)
    ) THEN
        RAISE EXCEPTION 'A posting belongs to an entry made in the same act, in the same book, period and date.'
            USING ERRCODE = 'WL001', HINT = 'posting_outside_entry';
    END IF;
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT account_id, book_id FROM new_rows) n
        LEFT JOIN ledger_account a ON a.id = n.account_id AND a.book_id = n.book_id AND a.is_open
        WHERE a.id IS NULL
    ) THEN
        RAISE EXCEPTION 'A posting names an open account of its own book.'
            USING ERRCODE = 'WL001', HINT = 'account_not_of_book';
    END IF;
    -- The share lock makes 'lock the period' wait for postings under way, and the other way round.
    PERFORM 1 FROM ledger_period WHERE id IN (SELECT period_id FROM new_rows) ORDER BY id FOR SHARE;
    SELECT p.name INTO period_name
    FROM (SELECT DISTINCT period_id, date FROM new_rows) n
    JOIN ledger_period p ON p.id = n.period_id
    WHERE p.state = 'locked' OR n.date < p.start OR n.date >= p."end"
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% is locked or does not hold that date. Post to an open period, or ask Finance to reopen it.',
            period_name USING ERRCODE = 'WL001', HINT = 'period_locked';
    END IF;

    INSERT INTO ledger_balance AS b (
        book_id, account_id, period_id, currency, client_id, contract_id, contract_line_id, project_id,
        debit, credit, functional_debit, functional_credit, quantity, billable_quantity)
    SELECT book_id, account_id, period_id, currency, client_id, contract_id, contract_line_id, project_id,
           sum(debit), sum(credit), sum(functional_debit), sum(functional_credit), sum(quantity),
           sum(billable_quantity)
    FROM new_rows
    GROUP BY account_id, period_id, project_id, contract_line_id, contract_id, client_id, currency, book_id
    ORDER BY account_id, period_id, project_id, contract_line_id, contract_id, client_id, currency, book_id
    ON CONFLICT (account_id, period_id, project_id, contract_line_id, contract_id, client_id, currency, book_id)
    DO UPDATE SET
        debit = b.debit + excluded.debit, credit = b.credit + excluded.credit,
        functional_debit = b.functional_debit + excluded.functional_debit,
        functional_credit = b.functional_credit + excluded.functional_credit,
        quantity = b.quantity + excluded.quantity,
        billable_quantity = b.billable_quantity + excluded.billable_quantity;

    INSERT INTO ledger_personbalance AS b (
        book_id, account_id, period_id, person_id, role_id, practice_id, office_id,
        functional_debit, functional_credit, quantity, billable_quantity)
    SELECT book_id, account_id, period_id, person_id, role_id, practice_id, office_id,
           sum(functional_debit), sum(functional_credit), sum(quantity), sum(billable_quantity)
    FROM new_rows WHERE person_id <> 0
    GROUP BY account_id, period_id, person_id, role_id, practice_id, office_id, book_id
    ORDER BY account_id, period_id, person_id, role_id, practice_id, office_id, book_id
    ON CONFLICT (account_id, period_id, person_id, role_id, practice_id, office_id, book_id)
    DO UPDATE SET
        functional_debit = b.functional_debit + excluded.functional_debit,
        functional_credit = b.functional_credit + excluded.functional_credit,
        quantity = b.quantity + excluded.quantity,
        billable_quantity = b.billable_quantity + excluded.billable_quantity;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS ledger_postings ON ledger_posting;
CREATE TRIGGER ledger_postings AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_postings();

-- Debits equal credits per entry, entity and currency; looked at when the act ends.
CREATE OR REPLACE FUNCTION ledger_check_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found_currency text; debits numeric; credits numeric;
BEGIN
    SELECT currency, sum(debit), sum(credit) INTO found_currency, debits, credits
    FROM ledger_posting WHERE entry_id = NEW.id
    GROUP BY currency
    HAVING sum(debit) <> sum(credit) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Entry "%" does not balance: debit % and credit % %.',
            NEW.description, debits, credits, found_currency USING ERRCODE = 'WL001', HINT = 'entry_unbalanced';
    END IF;
    SELECT sum(functional_debit), sum(functional_credit) INTO debits, credits
    FROM ledger_posting WHERE entry_id = NEW.id;
    IF debits IS DISTINCT FROM credits OR debits IS NULL THEN
        RAISE EXCEPTION 'Entry "%" does not balance in the functional currency: debit %, credit %.',
            NEW.description, debits, credits USING ERRCODE = 'WL001', HINT = 'entry_unbalanced';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS ledger_entry_balanced ON ledger_journalentry;
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balanced();
