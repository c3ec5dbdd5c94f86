"""The door for writes, with what stands around it: access, audit, events, locks, numbering, jobs.

`core` knows Django and no domain. Other packages call `@action`, `Refused`, `locks`, `events`,
`numbering`, `bulk` and derive their models from `core.models.Record`.
"""
