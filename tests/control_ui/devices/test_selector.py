"""Label queries: what they mean, on both databases, and what is said of a bad one."""

from __future__ import annotations

import pytest

from control_ui.models.devices import DeviceStatus, Environment
from control_ui.models.scope import ScopedSession
from control_ui.services.devices.selector import Operator, Requirement, matching, parse
from control_ui.services.errors import InvalidError
from tests.control_ui import factories


@pytest.fixture
def fleet_of_three(session: ScopedSession) -> None:
    tenant = factories.tenant(session)
    template = factories.template(session, tenant, name="standard").template
    west = factories.site(session, tenant, name="Akron 01", region="west")
    south = factories.site(session, tenant, name="Boise 02", region="south")
    factories.device(
        session, tenant, "a", site=west, ring="canary", hardware="pi4", labels={"camera": "axis", "lane.no/x-1": "2"},
        status=DeviceStatus.ONLINE, template_id=template.id,
    )  # fmt: skip
    factories.device(session, tenant, "b", site=south, hardware="pi5", labels={"camera": "dahua"})
    factories.device(session, tenant, "c", site=south, environment=Environment.STAGING, labels={})


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "abc"),
        ("ring=canary", "a"),
        ("ring == main", "bc"),
        ("ring!=canary", "bc"),
        ("region in (west,south),hardware=pi5", "b"),
        ("region notin (west)", "bc"),
        ('site="Akron 01"', "a"),
        ("name in (a, c)", "ac"),
        ("camera", "ab"),
        ("!camera", "c"),
        ("camera=axis", "a"),
        ("camera!=axis", "bc"),
        ("camera notin (axis,dahua)", "c"),
        ("lane.no/x-1=2", "a"),
        ("hardware", "ab"),
        ("!hardware", "c"),
        ("environment=staging", "c"),
        ("status=online", "a"),
        ('status="never seen"', "bc"),
        ("template=standard", "a"),
        ("!template", "bc"),
        ("camera,ring!=canary,region=south", "b"),
        ("ring=nothing", ""),
    ],
)
@pytest.mark.usefixtures("fleet_of_three")
def test_a_query_finds(session: ScopedSession, query: str, names: str) -> None:
    assert "".join(device.name for device in matching(session, parse(query))) == names


def test_a_query_is_read_into_its_requirements() -> None:
    assert parse("ring=canary, region notin (a,b),x,!y") == (
        Requirement("ring", Operator.IN, ("canary",)),
        Requirement("region", Operator.NOT_IN, ("a", "b")),
        Requirement("x", Operator.EXISTS),
        Requirement("y", Operator.ABSENT),
    )


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("ring=", "a value is expected, of 200 characters at most, at character 6"),
        ("=canary", "the name of a label is expected (letters, digits, '.', '_', '-', '/'), at character 1"),
        ("ring=canary region=west", "',' is expected (a value with spaces stands in double quotes), at character 12"),
        ("ring=canary,", "another condition must follow the comma, at character 13"),
        ("region in west", "'(' is expected (a value with spaces stands in double quotes), at character 10"),
        ("region in (west", "')' is expected (a value with spaces stands in double quotes), at character 16"),
        ("region in ()", "a value is expected, of 200 characters at most, at character 12"),
        ("!", "the name of a label is expected (letters, digits, '.', '_', '-', '/'), at character 2"),
        ("label[0]=x", "the name of a label is expected (letters, digits, '.', '_', '-', '/'), at character 1"),
        ('x="open', "a value is expected, of 200 characters at most, at character 3"),
        ("status=ofline", "there is no status 'ofline'; there is online, degraded, offline, never seen"),
        ("environment in (prod)", "there is no environment 'prod'; there is dev, staging, production"),
        ("x=" + "y" * 201, "a value is expected, of 200 characters at most, at character 3"),
        (",".join("abcdefghijklmnopqrstu"), "it has more than 20 conditions"),
        ("x" * 1001, "it is longer than 1000 characters"),
        ("a=\x00", "a value is expected, of 200 characters at most, at character 3"),
    ],
)
def test_a_bad_query_is_refused_with_what_is_wrong_and_where(query: str, complaint: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse(query)
    (fault,) = caught.value.faults
    assert fault.message.startswith(complaint)


def test_a_value_is_data_and_never_part_of_the_statement(session: ScopedSession) -> None:
    factories.device(session, factories.tenant(session), "a")
    assert matching(session, parse("""x="' OR 1=1 --" """)) == []
    assert matching(session, parse("""name="a' OR 'a'='a" """)) == []
