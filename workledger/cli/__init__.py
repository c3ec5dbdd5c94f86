"""The command line: one console script, ``workledger``, over the same actions and metrics as the pages.

``main`` holds the list of commands, ``boot`` brings up Django and the database, ``output`` prints.
Every other module is one command. Exit status: 0 done, 1 refused or broken, 2 not understood.
"""
