"""The configuration tab: layers, what is on its way, and how it came to be so."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import event

from control_ui.models import ConfigTemplate, ConfigVersion, TemplateVersion, Tenant
from control_ui.services.actor import system
from control_ui.services.configuration import desire, versions
from tests.control_ui import factories
from tests.control_ui.pages.site.conftest import Desk
from tests.control_ui.pages.site.test_overview import words

URL = "https://control.example"


def make(desk: Desk, quality: int, reason: str = "") -> ConfigVersion:
    tenant = desk.session.get_one(Tenant, desk.device.tenant_id)
    known = sa.select(TemplateVersion).join(ConfigTemplate).where(ConfigTemplate.name == "standard")
    template = desk.session.scalars(known).first() or factories.template(
        desk.session, tenant, {"snapshot_interval_seconds": 9}, name="standard"
    )
    desk.device.config_override = {"jpeg_quality": quality}
    made = versions.make(
        desk.session, desk.device, template, control_url=URL, actor=system("a test"), reason=reason,
        now=datetime.now(UTC),
    )  # fmt: skip
    desk.session.commit()
    return made


def test_each_value_has_the_layer_it_comes_from(desk: Desk) -> None:
    desk.device.state.config_version = make(desk, 77).number
    shown = words(desk.get("/configuration").text)
    assert "In force: configuration 1" in shown
    assert "jpeg_quality 77 its own" in shown
    assert "snapshot_interval_seconds 9 template standard@1" in shown
    assert "control_url https://control.example the system" in shown
    assert "history_size 20 default" in shown
    assert "rtsp://viewer:***@192.0.2.10:554/" in shown
    assert str(desk.device.camera_password) not in desk.get("/configuration").text


def test_what_is_on_its_way_is_shown_as_a_difference(desk: Desk) -> None:
    desk.device.state.config_version = make(desk, 77).number
    newer = make(desk, 88)
    desire.want(desk.session, desk.device, newer, expires_at=None, now=datetime.now(UTC))
    shown = words(desk.get("/configuration").text)
    assert "On its way: configuration 2" in shown
    assert "jpeg_quality 77 88 its own" in shown
    assert "2 wanted" in shown
    assert "1 in force" in shown


def test_one_version_shows_what_it_changed(desk: Desk) -> None:
    make(desk, 77)
    make(desk, 88, reason="Sharper number plates")
    shown = words(desk.get("/configuration/2").text)
    assert "Sharper number plates" in shown
    assert "jpeg_quality 77 88" in shown
    assert "+ &#34;jpeg_quality&#34;: 88" in shown.replace("+  ", "+ ")
    lines = desk.get("/configuration/2").text.partition('class="diff two-sided"')[2]
    assert re.search(r'class="old"><code>[^<]*: 77,?</code>.*class="new"><code>[^<]*: 88,?</code>', lines, re.DOTALL)
    assert "it was the first" in words(desk.get("/configuration/1").text)
    assert desk.get("/configuration/3").status_code == 404


def test_a_new_password_is_told_and_not_shown(desk: Desk) -> None:
    make(desk, 77)
    desk.device.camera_password, desk.device.camera_password_revision = "hunter2-new", 2
    make(desk, 77)
    shown = desk.get("/configuration/2").text
    assert "changed, and not shown" in shown
    assert "hunter2-new" not in shown


def test_without_one_from_here_it_says_what_to_do(desk: Desk) -> None:
    desk.device.state.config_version = 12
    shown = words(desk.get("/configuration").text)
    assert "No configuration from here" in shown
    assert "under the number 12" in shown
    assert f"/configuration/devices/{desk.device.id}" in desk.get("/configuration").text


def test_a_long_history_comes_in_pages_and_costs_no_more(desk: Desk) -> None:
    def statements() -> int:
        count = [0]

        def one_more(*_: object) -> None:
            count[0] += 1

        engine = desk.session.get_bind()
        event.listen(engine.engine, "before_cursor_execute", one_more)
        try:
            desk.get("/configuration")
        finally:
            event.remove(engine.engine, "before_cursor_execute", one_more)
        return count[0]

    make(desk, 1)
    make(desk, 2)
    few = statements()
    for quality in range(3, 31):
        make(desk, quality)
    assert statements() <= few
    shown = desk.get("/configuration").text
    older = shown.partition("cursor=")[2].partition('"')[0]
    assert older
    assert f"/sites/{desk.device.id}/configuration/5" in desk.get(f"/configuration?cursor={older}").text
    assert desk.get("/configuration?cursor=nonsense").status_code == 422
