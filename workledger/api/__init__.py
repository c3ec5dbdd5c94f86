"""The API at `/api/v1`: the same actions, queries and metrics as the pages, over JSON.

`routes` has the two shapes of an address: `read` for queries and `act` for actions, whose request bodies are made from
the actions' own signatures. `nouns` lists the addresses, one module for each area. `service` puts them together.
Nothing imports this package but the project's urls.
"""
