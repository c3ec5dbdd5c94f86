"""What keeps Workledger running on a machine: the embedded database, the web server and the worker.

Knows no domain. Others call ``cluster.ensure_database`` and ``supervisor.run``; ``http`` holds the
security headers and the health address, ``staticfiles`` the storage of collected files.
"""
