"""Pure calculation of expenses: amounts, policy, receipts by content, matching of vendor bills."""
