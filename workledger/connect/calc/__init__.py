"""Reading time exports of other tools, as pure functions.

`reading.open_time_export` looks at a file once (`opening`: encoding, delimiter, columns, order of dates, number style) and
then streams it: every record becomes a `ParsedRow` or a `RefusedRow` with its line and reason, and `ControlTotals`
adds up what was read. Columns of each tool are data in `formats`; single cells are read in `values`.
"""
