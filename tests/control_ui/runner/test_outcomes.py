"""Folding events into what came of each host: what real runs do not show easily."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from control_ui.runner.events import Event
from control_ui.runner.outcomes import STOPPED, HostResult, Outcomes
from control_ui.runner.trimming import RESULT_BYTES

START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class Script:
    """A run told event by event, one second apart."""

    def __init__(self) -> None:
        self.outcomes = Outcomes()
        self._counter = 0
        self._play = ""

    def tell(self, kind: str, host: str | None = None, task: str = "", **more: Any) -> Script:
        self._counter += 1
        at = START + timedelta(seconds=self._counter)
        self.outcomes.add(Event(self._counter, at, kind, f"u{self._counter}", host, self._play, task, **more))
        return self

    def play(self, name: str) -> Script:
        self._play = name
        return self.tell("playbook_on_play_start")

    def fail(self, host: str, message: str, task: str = "Fail") -> Script:
        return self.tell("runner_on_failed", host, task, outcome="failed", result={"msg": message})

    def stats(self, **counts: dict[str, int]) -> Script:
        kinds = ("ok", "changed", "failures", "dark", "skipped", "rescued", "ignored", "processed")
        return self.tell("playbook_on_stats", result={kind: counts.get(kind, {}) for kind in kinds})

    def host(self, name: str = "a") -> HostResult:
        return self.outcomes.results()[name]


def test_a_host_is_in_flight_from_a_task_s_begin_to_its_end() -> None:
    script = Script().play("P").tell("runner_on_start", "a", "T")
    assert (script.host().outcome, script.host().task, script.host().finished_at) == (None, "T", None)
    script.tell("runner_on_ok", "a", "T", outcome="changed", changed=True)
    assert (script.host().outcome, script.host().task, script.host().finished) == ("changed", "", False)


def test_a_host_is_finished_when_its_batch_is_over() -> None:
    script = Script().play("P").tell("runner_on_ok", "a", "T", outcome="ok").play("P")
    assert script.host().finished
    assert script.host().finished_at == START + timedelta(seconds=2)
    script.tell("runner_on_start", "a", "T2")
    assert not script.host().finished


def test_a_failure_stands_while_nobody_says_that_it_was_rescued() -> None:
    script = Script().play("P").fail("a", "broken").tell("runner_on_ok", "a", "Mend", outcome="ok")
    assert (script.host().outcome, script.host().message) == ("failed", "Fail: broken")
    script.stats(ok={"a": 1}, rescued={"a": 1}, processed={"a": 1})
    assert (script.host().outcome, script.host().message) == ("ok", "")


def test_a_host_that_takes_part_in_a_later_play_was_rescued() -> None:
    script = Script().play("P").fail("a", "broken").play("Q").tell("runner_on_ok", "a", "T", outcome="ok")
    assert (script.host().outcome, script.host().message) == ("ok", "")


def test_the_failure_that_stands_gives_the_message() -> None:
    script = Script().play("P").fail("a", "unhealthy").fail("a", "did not come up", "Say what happened")
    script.stats(failures={"a": 1}, rescued={"a": 1}, processed={"a": 1})
    assert script.host().message == "Say what happened: did not come up"


def test_the_recap_is_the_last_word_even_on_hosts_whose_events_were_lost() -> None:
    script = Script().play("P").tell("runner_on_start", "a", "T")
    script.stats(ok={"b": 2}, failures={"a": 1}, processed={"a": 1, "b": 1})
    assert script.outcomes.complete
    assert (script.host("a").outcome, script.host("a").finished, script.host("a").task) == ("failed", True, "")
    assert (script.host("b").outcome, script.host("b").counts["ok"]) == ("ok", 2)


def test_an_unreachable_host_that_may_be_so_is_none_by_the_recap() -> None:
    script = Script().play("P").tell("runner_on_unreachable", "a", "T", outcome="unreachable", result={"msg": "gone"})
    assert (script.host().outcome, script.host().message) == ("unreachable", "gone")
    script.stats(skipped={"a": 1}, ignored={"a": 1}, processed={"a": 1})
    assert (script.host().outcome, script.host().message) == ("skipped", "")


def test_hosts_of_an_earlier_batch_are_not_stopped_with_a_later_one() -> None:
    script = Script().play("P").tell("runner_on_ok", "a", "T", outcome="ok")
    script.play("P").tell("runner_on_ok", "b", "T", outcome="ok").fail("c", "x")
    script.tell("playbook_on_no_hosts_remaining")
    assert script.host("a").outcome == "ok"
    assert (script.host("b").outcome, script.host("b").message) == ("failed", STOPPED)
    assert script.host("c").message == "Fail: x"


def test_a_failure_without_words_says_so() -> None:
    script = Script().play("P").tell("runner_on_failed", "a", "T", outcome="failed")
    assert script.host().message == "T: failed without a word"


def test_only_what_was_heard_of_is_touched() -> None:
    script = Script().play("P").tell("runner_on_start", "a", "T").tell("runner_on_start", "b", "T")
    assert set(script.outcomes.take_touched()) == {"a", "b"}
    script.tell("runner_on_ok", "b", "T", outcome="ok")
    assert {name: host.outcome for name, host in script.outcomes.take_touched().items()} == {"b": "ok"}
    assert script.outcomes.take_touched() == {}


def test_a_host_s_differences_are_bounded() -> None:
    script = Script().play("P")
    for _ in range(10):
        script.tell(
            "runner_on_ok", "a", "T", outcome="changed", changed=True, diff=[{"before": "", "after": "x" * 20_000}]
        )
    diffs = script.host().diffs
    assert sum(len(diff.get("after", "")) for diff in diffs) <= RESULT_BYTES
    assert diffs[-1] == {"task": "T", "prepared": "[further differences left out]\n"}
    assert len(diffs) == 4


def test_a_result_does_not_change_with_what_comes_later() -> None:
    script = Script().play("P").tell("runner_on_ok", "a", "T", outcome="ok", diff=[{"before": "", "after": "x"}])
    before = script.host()
    script.tell("runner_on_ok", "a", "T", outcome="ok", diff=[{"before": "", "after": "y"}])
    assert (before.counts["ok"], len(before.diffs)) == (1, 1)
