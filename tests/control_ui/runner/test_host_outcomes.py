"""What came of each host, from real runs."""

from __future__ import annotations

import pytest

from control_ui.runner.ansible import RunStatus
from control_ui.runner.outcomes import STOPPED
from tests.control_ui.runner.conftest import Play, Played, a_request, fold, played

HOSTS = ("plain-1", "changing-1", "failing-1", "skipping-1", "mended-1", "shrugging-1", "away-1")


@pytest.fixture(scope="module")
def every_outcome(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return played(a_request(tmp_path_factory.mktemp("outcomes") / "run", "outcomes", *HOSTS))


def test_every_host_has_the_outcome_that_ansible_s_recap_says(every_outcome: Played) -> None:
    assert {name: host.outcome for name, host in every_outcome.results.items()} == {
        "plain-1": "ok",
        "changing-1": "changed",
        "failing-1": "failed",
        "skipping-1": "skipped",
        "mended-1": "ok",
        "shrugging-1": "ok",
        "away-1": "unreachable",
    }
    assert all(host.finished for host in every_outcome.results.values())


def test_a_failure_comes_with_the_task_and_the_words_of_the_host(every_outcome: Played) -> None:
    assert every_outcome.results["failing-1"].message == "Fail: non-zero return code: no camera"
    assert "Connection refused" in every_outcome.results["away-1"].message
    assert not any(every_outcome.results[name].message for name in ("plain-1", "mended-1", "shrugging-1"))


def test_rescued_and_ignored_failures_are_counted_but_are_none(every_outcome: Played) -> None:
    assert every_outcome.results["mended-1"].counts["rescued"] == 1
    assert every_outcome.results["mended-1"].counts["failures"] == 0
    assert every_outcome.results["shrugging-1"].counts["ignored"] == 1
    assert [event.ignored_failure for event in every_outcome.of("runner_on_failed", "shrugging-1")] == [True]


def test_the_run_failed_and_its_hosts_say_why(every_outcome: Played) -> None:
    assert every_outcome.outcome.status is RunStatus.FAILED
    assert every_outcome.outcome.return_code in (2, 4)
    assert every_outcome.outcome.error == ""


def test_without_the_recap_the_counts_come_to_the_same(every_outcome: Played) -> None:
    """As of a run whose worker died at the very end; only the rescue is not known then."""
    results = fold([event for event in every_outcome.events if event.kind != "playbook_on_stats"])
    assert results.pop("mended-1").outcome == "failed"
    for name, host in results.items():
        assert (host.outcome, host.counts) == (
            every_outcome.results[name].outcome,
            every_outcome.results[name].counts,
        )


def test_events_are_numbered_in_order_and_their_output_joined_is_ansible_s(every_outcome: Played) -> None:
    counters = [event.counter for event in every_outcome.events]
    assert counters == sorted(set(counters))
    times = [event.created_at for event in every_outcome.events]
    assert all(moment.tzinfo for moment in times)
    output = "\n".join(event.stdout for event in every_outcome.events)
    assert "PLAY [Meet every outcome]" in output
    assert "changed: [changing-1]" in output
    assert "PLAY RECAP" in output


def test_a_host_that_was_stopped_because_others_failed_is_not_taken_for_done(play: Play) -> None:
    run = play("batches", "many-001", "many-002", "many-003")
    first, second = run.results["many-001"], run.results["many-002"]
    assert (first.outcome, first.message) == ("failed", "Fail on the first: Not this one")
    assert (second.outcome, second.message) == ("failed", STOPPED)
    assert second.counts["changed"] == 1
    assert "many-003" not in run.results


def test_of_a_loop_the_item_s_words_are_told(play: Play) -> None:
    run = play("items", "quick-1", extra_variables={"text": "hush"})
    assert run.results["quick-1"].message == "Take each item: No water here"
    assert [event.outcome for event in run.events if event.kind.startswith("runner_item")] == ["skipped", "failed"]


def test_what_is_not_to_be_logged_is_in_no_event(play: Play) -> None:
    run = play("items", "quick-1", extra_variables={"text": "hush-hush"})
    assert not [event for event in run.events if "hush-hush" in repr(event)]


def test_a_large_result_is_cut_and_says_so(play: Play) -> None:
    much, too_much = play("large", "quick-1").of("runner_on_ok", "quick-1")
    assert len(much.result["msg"]) < 65_536
    assert "characters left out" in much.result["msg"]
    assert "characters left out" in much.stdout
    assert too_much.result == {"cut": "the result was too large to be kept"}


def test_check_and_diff_show_a_change_and_make_none(play: Play, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("target") / "file"
    path.write_text("old\n")
    variables = {"text": "new\n", "path": str(path)}
    run = play("write", "quick-1", check=True, diff=True, extra_variables=variables)
    assert path.read_text() == "old\n"
    host = run.results["quick-1"]
    assert host.outcome == "changed"
    assert [(diff["task"], diff["before"], diff["after"]) for diff in host.diffs] == [
        ("Write the file", "old\n", "new\n")
    ]


def test_without_check_the_change_is_made(play: Play, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("target") / "file"
    play("write", "quick-1", extra_variables={"text": "new\n", "path": str(path)})
    assert path.read_text() == "new\n"
