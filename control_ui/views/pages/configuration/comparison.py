"""Any two of: a version of a template, a configuration that was made for a device, and what a device would get now."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request

from control_ui.services.configuration import library, sides
from control_ui.services.configuration.diff import Side, compare
from control_ui.services.configuration.side_by_side import lines, unified
from control_ui.services.devices import names
from control_ui.services.errors import Fault, InvalidError, NotFoundError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.configuration.numbers import row_number
from control_ui.views.pages.configuration.wording import layer_words, shown_value, side_words
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, page
from control_ui.views.state import app_state

OF_DEVICE = "device"


@dataclass(frozen=True)
class Chosen:
    """One side, as the address has it: `of` is `template:5` or `device`, `number` empty for the latest, or for now."""

    name: str
    of: str
    device: str
    number: str

    @classmethod
    def sent(cls, name: str) -> Chosen:
        given = request.args
        return cls(name, given.get(name, ""), given.get(f"{name}_device", "")[:200], given.get(f"{name}_number", ""))

    def side(self, call: Call) -> Side | None:
        """None where nothing is chosen yet. Raises InvalidError, NotFoundError."""
        number = row_number(self.number)
        if self.number.strip() and number is None:
            raise InvalidError("a version is a number", [Fault(f"$.{self.name}_number", "must be a number")])
        if self.of == OF_DEVICE:
            device_id = self._device_id(call)
            if number is not None:
                return sides.device_version(call.session, device_id, number)
            return sides.device_now(call.session, device_id, app_state().settings.public_url)
        template_id = row_number(self.of.removeprefix("template:"))
        return None if template_id is None else sides.template_version(call.session, template_id, number)

    def _device_id(self, call: Call) -> int:
        try:
            return names.by_name(call.session, self.device)
        except InvalidError as error:
            raise InvalidError(error.detail, [Fault(f"$.{self.name}_device", error.faults[0].message)]) from error


@page("/configuration/compare", permission=Permission.FLEET_READ)
def config_compare(call: Call) -> Answer:
    """`view` is `side` or `unified`, `lines` is `all` for the equal ones, too."""
    chosen = {name: Chosen.sent(name) for name in ("left", "right")}
    problems, difference, beside, status = Problems(), None, None, 200
    whole = request.args.get("lines") == "all"
    try:
        left, right = (one.side(call) for one in chosen.values())
        if left is not None and right is not None:
            difference, beside = compare(left, right), lines(left, right, whole=whole)
    except (InvalidError, NotFoundError) as error:
        problems, status = Problems.of(error), error.status
    shown = render_template(
        "configuration/compare.html",
        chosen=chosen, templates=library.choices(call.session), problems=problems, difference=difference,
        beside=beside, view="unified" if request.args.get("view") == "unified" else "side", whole=whole,
        shown_value=shown_value, layer_words=layer_words, side_words=side_words, unified=unified, address=_address,
    )  # fmt: skip
    return shown, status


def _address(**changed: str) -> dict[str, str]:
    """The arguments of this page, some of them changed: for links that switch something."""
    known = ("left", "left_device", "left_number", "right", "right_device", "right_number", "view", "lines")
    given = {name: request.args[name] for name in known if request.args.get(name)}
    return {name: value for name, value in (given | changed).items() if value}
