"""Reading scenarios: lines, words, amounts. No database, no clock."""
