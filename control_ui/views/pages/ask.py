"""A question before something is done: what will happen, on how many, and why it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import render_template

from control_ui.views.api.schemas.base import ReasonIn
from control_ui.views.pages.form import Problems, handle
from control_ui.views.pages.page import Answer


@dataclass(frozen=True)
class Question:
    """`say` are sentences, `label` is what the button does, `back` where Cancel leads."""

    title: str
    say: Sequence[str]
    label: str
    back: str
    danger: bool = False
    wants_reason: bool = True


def ask(question: Question, work: Callable[[str], Answer]) -> Answer:
    """Ask; once answered, do `work` with the reason that was given."""

    def show(problems: Problems) -> str:
        return render_template("ask.html", question=question, problems=problems)

    return handle(ReasonIn, show, lambda body: work(body.reason))
