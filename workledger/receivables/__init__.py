"""What clients owe and pay: receivables, payments, allocations, ageing."""
