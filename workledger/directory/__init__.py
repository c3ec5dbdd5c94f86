"""Who there is: legal entities, practices, offices, people with dated terms, roles, clients, currencies."""
