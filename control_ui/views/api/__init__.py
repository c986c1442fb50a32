"""The JSON API, one module a noun. `operation.py` says how a view becomes an operation; `openapi.py` describes them
all."""
