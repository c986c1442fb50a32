"""What was entered in a form, and what is wrong with it, field by field."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

from flask import request
from pydantic import BaseModel, ValidationError

from control_ui.services.errors import ConflictError, InvalidError, LostUpdateError, ServiceError
from control_ui.views.pages.page import Answer
from control_ui.views.problem import faults_of

Model = TypeVar("Model", bound=BaseModel)
NOT_RIGHT = 422
"""Like 409 and 412 a status with which a form is shown again (page.js)."""


@dataclass(frozen=True)
class Problems:
    """What to show: above the form, and at its fields."""

    summary: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: ServiceError) -> Problems:
        """`$.new_password` is at the field `new_password`, and so is what lies deeper in it."""
        fields: dict[str, str] = {}
        for fault in error.faults if isinstance(error, InvalidError) else []:
            name = fault.path.removeprefix("$.").replace("[", ".").partition(".")[0]
            fields[name] = f"{fields[name]}; it {fault.message}" if name in fields else f"It {fault.message}"
        return cls(error.detail[:1].upper() + error.detail[1:] + ".", fields)


@dataclass(frozen=True)
class Entered(Generic[Model]):
    """Either `values` or `problems`."""

    values: Model | None
    problems: Problems


def entered(
    model: type[Model], advice: Mapping[str, str] | None = None, given: dict[str, Any] | None = None
) -> Entered[Model]:
    """The fields of `model`, from the form of this request unless they are `given`. `advice` says what to enter where
    something is wrong; without it, pydantic does."""
    try:
        return Entered(model.model_validate(fields_of(model) if given is None else given), Problems())
    except ValidationError as error:
        fields: dict[str, str] = {}
        for fault in faults_of(error, "body"):
            name = fault.path.removeprefix("$.").replace("[", ".").partition(".")[0]
            fields.setdefault(name, (advice or {}).get(name, fault.message))
        return Entered(None, Problems("Something is missing or not right.", fields))


def fields_of(model: type[BaseModel]) -> dict[str, Any]:
    """What the form of this request says of the fields of `model`: a list where the model has one, None for what is
    left empty and is no text. A field that the form does not have is left out."""
    given: dict[str, Any] = {}
    for name in model.model_fields:
        values = request.form.getlist(name)
        kinds = _kinds(model.model_fields[name].annotation)
        if not values:
            continue
        nothing = values[-1] == "" and types.NoneType in kinds and str not in kinds
        given[name] = values if list in kinds else None if nothing else values[-1]
    return given


def handle(
    model: type[Model],
    show: Callable[[Problems], str],
    work: Callable[[Model], Answer],
    advice: Mapping[str, str] | None = None,
    given: Callable[[], dict[str, Any]] | None = None,
) -> Answer:
    """A form: shown (GET); sent, and `work` done with what was entered; or shown again with what is wrong, and with
    what was entered still in it. What one has no right to, or is not there, is answered by itself."""
    if request.method == "GET":
        return show(Problems())
    try:
        form = entered(model, advice, None if given is None else given())
        if form.values is not None:
            return work(form.values)
    except (InvalidError, ConflictError, LostUpdateError) as error:
        return show(Problems.of(error)), error.status
    return show(form.problems), NOT_RIGHT


def _kinds(annotation: Any) -> set[Any]:
    """`Annotated[str, ...] | None` is {str, NoneType}, `list[str]` is {list}."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return {kind for part in get_args(annotation) for kind in _kinds(part)}
    return {origin or annotation}
