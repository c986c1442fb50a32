"""What each Pi is meant to run: templates, the layers over them, and the immutable configurations made from both.

The way of a value: `layers.py` lays template, overlay, groups and device over each other; `expressions.py` works out
what is written as `{{ ... }}` with the facts of `facts.py`; `schema.py` checks the whole; `versions.py` keeps it;
`desire.py` says that a Pi is to have it.
"""
