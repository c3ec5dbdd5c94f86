"""Pure billing: pricing of approved time, drafting of invoices, tax."""
