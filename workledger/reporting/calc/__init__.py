"""Pure calculation of reports: who earned what nobody's name stands on, and how columns are laid out."""
