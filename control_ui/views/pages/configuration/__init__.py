"""The pages of the section Configuration.

`fields.py` draws settings from the schema, `draft.py` is the way from a document to a form and back, `editor.py` the
editor that templates (`editing.py`) and overrides (`overrides.py`) have in common.
"""

from control_ui.views.pages.configuration import (
    archive,
    comparison,
    deploy,
    editing,
    editor,
    library,
    overrides,
    preview,
    template,
)

__all__ = [
    "archive",
    "comparison",
    "deploy",
    "editing",
    "editor",
    "library",
    "overrides",
    "preview",
    "template",
]
