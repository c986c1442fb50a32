"""Two have edited the same settings."""

from __future__ import annotations

from control_ui.services.configuration.reconcile import ABSENT, reconcile

BASE = {"body": {"a": 1, "b": 2, "c": {"d": 4}}, "overlays": {}}


def test_what_only_they_changed_is_taken_over() -> None:
    theirs = {"body": {"a": 9, "b": 2, "c": {"d": 5}}, "overlays": {"dev": {"e": 1}}}
    found = reconcile(BASE, theirs, BASE)
    assert found.settings == theirs
    assert [one.path for one in found.taken_over] == [("body", "a"), ("body", "c", "d"), ("overlays", "dev", "e")]
    assert found.clashes == []


def test_what_only_i_changed_stays_and_is_not_told() -> None:
    mine = {"body": {"a": 7, "c": {}}, "overlays": {}}
    found = reconcile(BASE, BASE, mine)
    assert (found.settings, found.meanwhile) == (mine, [])


def test_where_both_changed_the_same_mine_stays_and_theirs_is_told() -> None:
    theirs, mine = ({"body": {**BASE["body"], "a": value}, "overlays": {}} for value in (8, 9))
    found = reconcile(BASE, theirs, mine)
    assert found.settings == mine
    (clash,) = found.clashes
    assert (clash.before, clash.theirs, clash.mine) == (1, 8, 9)


def test_both_having_changed_it_to_the_same_is_no_clash() -> None:
    same = {"body": {**BASE["body"], "a": 8}, "overlays": {}}
    assert reconcile(BASE, same, same).clashes == []


def test_what_they_left_out_is_left_out_here() -> None:
    theirs = {"body": {"b": 2, "c": {"d": 4}}, "overlays": {}}
    found = reconcile(BASE, theirs, BASE)
    assert found.settings == theirs
    assert found.meanwhile[0].theirs is ABSENT


def test_null_is_not_the_same_as_left_out() -> None:
    theirs = {"body": {**BASE["body"], "b": None}, "overlays": {}}
    found = reconcile(BASE, theirs, BASE)
    assert found.settings["body"] == theirs["body"]
