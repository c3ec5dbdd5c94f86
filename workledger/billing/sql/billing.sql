-- References of the tables that are written in bulk, checked per statement instead of per row.

CREATE OR REPLACE FUNCTION billing_check_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT client_id, project_id, task_id, person_id FROM new_rows
                       WHERE source_kind <> 'charge') n
        LEFT JOIN directory_client c ON c.id = n.client_id
        LEFT JOIN projects_project p ON p.id = n.project_id
        LEFT JOIN projects_task t ON t.id = n.task_id AND t.project_id = n.project_id
        LEFT JOIN directory_person w ON w.id = n.person_id
        WHERE c.id IS NULL OR p.id IS NULL OR t.id IS NULL OR w.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT contract_line_id, source_id FROM new_rows WHERE source_kind = 'charge') n
        LEFT JOIN billing_charge c ON c.id = n.source_id AND c.contract_line_id = n.contract_line_id
        WHERE c.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT contract_id, contract_line_id FROM new_rows
                       WHERE contract_line_id IS NOT NULL) n
        LEFT JOIN contracts_contractline l ON l.id = n.contract_line_id AND l.contract_id = n.contract_id
        WHERE l.id IS NULL
    ) THEN
        RAISE EXCEPTION 'A billable item names a client, contract line, project, task or person that is not there.'
            USING ERRCODE = 'WL001', HINT = 'item_reference_missing';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS billing_items ON billing_billableitem;
CREATE TRIGGER billing_items AFTER INSERT ON billing_billableitem
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing_check_items();

-- A source links a line of its own invoice to an item that was taken out of WIP.
CREATE OR REPLACE FUNCTION billing_check_sources() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT line_id, invoice_id FROM new_rows) n
        LEFT JOIN billing_invoiceline l ON l.id = n.line_id AND l.invoice_id = n.invoice_id
        WHERE l.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM new_rows n LEFT JOIN billing_billableitem i ON i.id = n.item_id AND NOT i.is_void
        WHERE i.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM new_rows n JOIN billing_openitem o ON o.item_id = n.item_id
    ) THEN
        RAISE EXCEPTION 'A line bills work that is not there, or that is still open.'
            USING ERRCODE = 'WL001', HINT = 'source_reference_missing';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS billing_sources ON billing_invoicesource;
CREATE TRIGGER billing_sources AFTER INSERT ON billing_invoicesource
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing_check_sources();
