"""Two texts beside each other."""

from __future__ import annotations

from control_ui.services.configuration.diff import Side
from control_ui.services.configuration.side_by_side import lines, unified

LEFT = Side("left", {"a": 1, "b": 2, "z": 9})
RIGHT = Side("right", {"a": 1, "b": 3, "c": 4, "z": 9})


def test_changed_and_added_lines_stand_beside_what_they_replace() -> None:
    found = [(line.sign, line.left.strip(), line.right.strip()) for line in lines(LEFT, RIGHT)]
    assert ("~", '"b": 2,', '"b": 3,') in found
    assert ("+", "", '"c": 4,') in found
    assert (" ", '"z": 9', '"z": 9') in found


def test_equal_sides_have_no_lines() -> None:
    assert lines(LEFT, LEFT) == []
    assert lines(LEFT, LEFT, whole=True) == []


def test_far_from_what_differs_lines_are_left_out_unless_all_are_wanted() -> None:
    many = {f"k{number:02}": number for number in range(40)}
    left, right = Side("left", many), Side("right", {**many, "k00": "x", "k39": "y"})
    assert "@" in [line.sign for line in lines(left, right)]
    assert len(lines(left, right, whole=True)) == 42


def test_in_one_column_what_is_removed_comes_first() -> None:
    signs = "".join(line.sign for line in unified(lines(LEFT, RIGHT)))
    assert signs.strip() == "-++"
