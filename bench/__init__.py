"""What the product needs for a month's work, beside what plain PostgreSQL needs for the same in the same run.

Run it with ``python -m bench`` or ``make bench``. It is not part of what is installed.

`__main__` decides what is measured and prints; `engine` makes a cluster of its own, copies databases and runs each
measurement in a process of its own (`child`). `acts` are the product's acts, `plain` the same work in SQL, `pages` the
pages, `processes` start, memory and installation, `table` what is printed.
"""
