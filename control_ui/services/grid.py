"""Hundreds of devices, each with a state, told so shortly that it can be asked for every second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Cell:
    """One device. `part` is the wave it belongs to, where there are waves; `side` is a or b, where two versions are
    compared."""

    device_id: int
    name: str
    state: str
    part: int = 1
    side: str = ""


@dataclass(frozen=True)
class Trouble:
    """The same words of several devices: `[(id, name), ...]`."""

    state: str
    message: str
    devices: list[tuple[int, str]]


def told(cells: Sequence[Cell]) -> dict[str, Any]:
    """`{legend: ["ok", "failed"], cells: "0010"}`: a character for each device, in the order of the grid."""
    legend = sorted({cell.state for cell in cells})
    digit = {state: _DIGITS[place] for place, state in enumerate(legend)}
    return {"legend": legend, "cells": "".join(digit[cell.state] for cell in cells)}


def counts(cells: Iterable[Cell]) -> dict[str, int]:
    """Devices by state."""
    found: dict[str, int] = {}
    for cell in cells:
        found[cell.state] = found.get(cell.state, 0) + 1
    return found


def grouped(rows: Iterable[tuple[str, str, int, str]], worst_first: Sequence[str]) -> list[Trouble]:
    """`(state, message, device id, name)`, by state and message: the worst state first, then what most devices say."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for state, message, device_id, name in rows:
        found.setdefault((state, message), []).append((device_id, name))
    rank = {state: place for place, state in enumerate(worst_first)}
    troubles = [Trouble(state, message, devices) for (state, message), devices in found.items()]
    return sorted(troubles, key=lambda one: (rank.get(one.state, len(rank)), -len(one.devices), one.message))
