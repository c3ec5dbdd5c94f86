"""A Tryton server that runs beside the tests: `server` starts it, `firm` sets up its company, `proxy` cuts its lines."""
