"""Pure calculation of the forecast: what is still to come by month, how two versions differ, how liabilities unwind."""
