"""What was entered in a form, and what is wrong with it, field by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from control_ui.services.errors import InvalidError, ServiceError

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Problems:
    """What to show: above the form, and at its fields."""

    summary: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: ServiceError) -> Problems:
        """`$.new_password` is at the field `new_password`."""
        fields: dict[str, str] = {}
        for fault in error.faults if isinstance(error, InvalidError) else []:
            name = fault.path.removeprefix("$.")
            fields[name] = f"{fields[name]}; it {fault.message}" if name in fields else f"It {fault.message}"
        return cls(error.detail[:1].upper() + error.detail[1:] + ".", fields)


@dataclass(frozen=True)
class Entered(Generic[Model]):
    """Either `values` or `problems`."""

    values: Model | None
    problems: Problems


def entered(model: type[Model], advice: dict[str, str]) -> Entered[Model]:
    """The fields of `model`, from the form of this request. `advice` says for each what to enter."""
    given = {name: request.form.get(name, "") for name in model.model_fields}
    try:
        return Entered(model.model_validate(given), Problems())
    except ValidationError as error:
        wrong = {str(details["loc"][0]) for details in error.errors(include_input=False) if details["loc"]}
        fields = {name: words for name, words in advice.items() if name in wrong}
        return Entered(None, Problems("Something is missing or not right.", fields))
