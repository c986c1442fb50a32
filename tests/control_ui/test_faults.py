"""What is wrong with a request is told by path, and nothing that was given is quoted: it may be a password."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import Base64Bytes, BaseModel, Field, Json, ValidationError

from control_ui.services.errors import Fault
from control_ui.views.api.schemas.base import In, Moment
from control_ui.views.problem import faults_of

SECRET = "{hunter2}!"


class Cat(In):
    kind: Literal["cat"]


class Dog(In):
    kind: Literal["dog"]


class Everything(In):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    id: UUID | None = None
    blob: Base64Bytes | None = None
    embedded: Json[int] | None = None
    at: Moment | None = None
    word: Literal["a", "b"] | None = None
    number: int | None = None
    names: dict[str, int] = Field(default_factory=dict)


def faults(values: dict[str, Any], model: type[BaseModel] = Everything, where: str = "body") -> list[Fault]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return faults_of(caught.value, where)


@pytest.mark.parametrize("name", [name for name in Everything.model_fields if name not in ("pet", "names")])
def test_a_value_is_not_quoted_so_that_any_two_are_told_alike(name: str) -> None:
    (one,), (other,) = (faults({name: given}) for given in (SECRET, "~secret-~~"))
    assert one == other
    assert one.path.startswith(f"$.{name}")


def test_the_word_that_chooses_a_form_is_not_quoted_but_those_to_choose_from_are() -> None:
    assert faults({"pet": {"kind": SECRET}}) == [Fault("$.pet", "'kind' should be one of 'cat', 'dog'")]


def test_a_name_that_somebody_made_up_is_shortened_and_redacted_in_its_path() -> None:
    names = {"rtsp://viewer:hunter2@x": "x", "long" * 1000: "x"}
    assert [fault.path for fault in faults({"names": names})] == [
        "$.names.rtsp://viewer:***@x",
        f"$.names.{'long' * 15}",
    ]


def test_a_fault_of_the_query_is_told_as_one() -> None:
    assert [fault.path for fault in faults({"number": "x"}, where="query")] == ["query.number"]
