"""Availability is worked out from what is known; what is not known is no good time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from control_ui.models import Device, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.reports import sla as service
from control_ui.services.reports.sla import SiteSla, Sla
from control_ui.services.reports.sla_device import NO_LONGER_KEPT, NO_SAMPLES, SILENT
from tests.control_ui import factories
from tests.control_ui.reports.outages import BEGIN, HOURS, at, changed, report, sampled


def only_site(found: Sla) -> SiteSla:
    (site,) = found.sites
    return site


def gaps(found: Sla) -> list[tuple[float, float, str]]:
    """In minutes since the period began."""
    minute = timedelta(minutes=1)
    return [((gap.start - BEGIN) / minute, (gap.end - BEGIN) / minute, gap.reason) for gap in only_site(found).gaps]


def test_missing_samples_are_a_gap_and_no_good_time(session: ScopedSession, tenant: Tenant, device: Device) -> None:
    found = report(session, tenant)
    assert gaps(found) == [(101.5, 130, NO_SAMPLES)], "the last sample speaks for 150 s"
    share = only_site(found).share
    assert (share.counted, share.reachable) == (timedelta(hours=10), timedelta(hours=10))
    assert share.fresh == share.available == timedelta(hours=10) - timedelta(minutes=28.5)
    assert share.percent(share.reachable) == 100.0
    assert share.percent(share.available) == 95.25
    assert share.meets(99.5) is False
    assert [site.site for site in found.sites_below] == ["Site east"]


def test_one_or_two_missing_samples_are_no_gap(session: ScopedSession, tenant: Tenant, device: Device) -> None:
    sampled(session, device, 100, 129)
    assert gaps(report(session, tenant)) == []


def test_a_silent_pi_is_not_reachable_whatever_its_samples_say(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    sampled(session, device, 100, 130)
    changed(session, device, 200, DeviceStatus.OFFLINE)
    changed(session, device, 260, DeviceStatus.ONLINE)
    found = report(session, tenant)
    assert gaps(found) == [(200, 260, SILENT)]
    share = only_site(found).share
    assert (share.percent(share.reachable), share.percent(share.fresh)) == (90.0, 100.0)


def test_a_degraded_pi_with_a_fresh_picture_is_available(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    sampled(session, device, 100, 130)
    changed(session, device, 200, DeviceStatus.DEGRADED)
    found = report(session, tenant)
    assert gaps(found) == []
    assert only_site(found).share.meets(100) is True


def test_a_picture_that_is_not_fresh_is_a_gap_with_the_streams_own_word(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    sampled(session, device, 100, 110, snapshot_fresh=False, stream_status="frozen")
    sampled(session, device, 110, 115, snapshot_fresh=False, stream_status=None)
    sampled(session, device, 115, 120, snapshot_fresh=None)
    sampled(session, device, 120, 130)
    assert gaps(report(session, tenant)) == [
        (100, 110, "no fresh picture, the stream was frozen"),
        (110, 115, "no fresh picture, the stream was unknown"),
        (115, 120, NO_SAMPLES),
    ]


def test_an_outage_with_two_causes_is_told_by_the_plainer_one(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    changed(session, device, 110, DeviceStatus.OFFLINE)
    changed(session, device, 120, DeviceStatus.ONLINE)
    assert gaps(report(session, tenant)) == [
        (101.5, 110, NO_SAMPLES),
        (110, 120, SILENT),
        (120, 130, NO_SAMPLES),
    ]


def test_the_state_before_the_period_is_carried_in(session: ScopedSession, tenant: Tenant, device: Device) -> None:
    changed(session, device, -10, DeviceStatus.OFFLINE)
    changed(session, device, 20, DeviceStatus.ONLINE)
    assert gaps(report(session, tenant))[0] == (0, 20, SILENT)


def test_of_two_changes_at_one_moment_the_later_one_counts(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    for minute in (-500, 300):
        changed(session, device, minute, DeviceStatus.DEGRADED)
        changed(session, device, minute, DeviceStatus.OFFLINE)
    changed(session, device, 10, DeviceStatus.ONLINE)
    sampled(session, device, 100, 130)
    assert gaps(report(session, tenant)) == [(0, 10, SILENT), (300, 600, SILENT)]


def test_time_before_the_first_check_in_is_not_counted(session: ScopedSession, tenant: Tenant) -> None:
    device = factories.device(session, tenant)
    changed(session, device, -50, DeviceStatus.NEVER_SEEN)
    changed(session, device, 300, DeviceStatus.ONLINE)
    sampled(session, device, 300, HOURS * 60)
    site = only_site(report(session, tenant))
    assert (site.share.counted, site.not_counted) == (timedelta(hours=5), timedelta(hours=5))
    assert (site.share.percent(site.share.available), site.never_seen, site.gaps) == (100.0, [], [])


def test_a_site_that_was_never_seen_is_excluded_and_said(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    factories.device(session, tenant, "pi-new", site=factories.site(session, tenant, name="Site new"))
    found = report(session, tenant)
    new = found.sites[1]
    assert (new.site, new.never_seen, new.share.percent(new.share.available)) == ("Site new", ["pi-new"], None)
    assert new.share.meets(99.5) is None
    assert found.share.counted == timedelta(hours=10)
    assert found.sites_below == [found.sites[0]]


def test_a_tenant_is_the_sum_of_its_sites(session: ScopedSession, tenant: Tenant, device: Device) -> None:
    other = factories.device(session, tenant)
    changed(session, other, 0, DeviceStatus.OFFLINE)
    found = report(session, tenant)
    assert found.share.counted == timedelta(hours=20)
    assert found.share.available == timedelta(hours=10) - timedelta(minutes=28.5)


def test_a_site_with_two_pis_is_available_while_both_are(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    sampled(session, device, 100, 130)
    other = factories.device(session, tenant, "pi-exit", site=device.site)
    changed(session, other, -5, DeviceStatus.ONLINE)
    sampled(session, other, -5, 300)
    sampled(session, other, 360, 600)
    found = report(session, tenant)
    assert gaps(found) == [(301.5, 360, f"pi-exit: {NO_SAMPLES}")]
    assert only_site(found).share.available == timedelta(minutes=600 - 58.5)


def test_what_has_not_happened_yet_is_not_counted(session: ScopedSession, tenant: Tenant, device: Device) -> None:
    found = report(session, tenant, now=at(60))
    assert (found.until, only_site(found).share.counted) == (at(60), timedelta(hours=1))
    nothing = report(session, tenant, now=at(-60))
    assert (nothing.until, nothing.share.counted) == (BEGIN, timedelta())


def test_a_longer_check_in_interval_lets_a_sample_speak_longer(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    shown = {"checkin_interval_seconds": 300}
    factories.config_version(session, device, 1, shown=shown)
    factories.config_version(session, device, 2, shown={})
    assert gaps(report(session, tenant)) == [(114, 130, NO_SAMPLES)]


def test_time_whose_samples_are_no_longer_kept_is_said_to_be(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    tenant.sample_retention_days = 1
    found = report(session, tenant, now=at(110) + timedelta(days=1))
    assert gaps(found)[:2] == [(101.5, 110, NO_LONGER_KEPT), (110, 130, NO_SAMPLES)]
    assert found.samples_since == at(110)


def test_planned_maintenance_can_be_left_out_and_is_shown(
    session: ScopedSession, tenant: Tenant, device: Device
) -> None:
    """Minute 90 to 150 is 7:30 to 8:30 in Chicago, on a Wednesday."""
    device.site.maintenance_windows = [
        {"days": ["wed"], "start": "07:30", "minutes": 60},
        {"days": ["tue"], "start": "23:00", "minutes": 480},  # ends at 7:00, minute 60
        {"days": ["thu"], "start": "07:30", "minutes": 60},
    ]
    device.site.timezone = "America/Chicago"
    assert gaps(report(session, tenant)) == [(101.5, 130, NO_SAMPLES)]
    site = only_site(report(session, tenant, exclude_maintenance=True))
    assert (site.gaps, site.maintenance) == ([], timedelta(minutes=120))
    assert site.share.counted == timedelta(minutes=480)
    assert site.share.percent(site.share.available) == 100.0


def test_only_the_longest_gaps_are_listed_and_the_others_counted(
    session: ScopedSession, tenant: Tenant, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_GAPS", 2)
    for minute, minutes in ((200, 5), (300, 9), (400, 7)):
        changed(session, device, minute, DeviceStatus.OFFLINE)
        changed(session, device, minute + minutes, DeviceStatus.ONLINE)
    found = report(session, tenant)
    assert gaps(found) == [(101.5, 130, NO_SAMPLES), (300, 309, SILENT)]
    site = only_site(found)
    assert (site.more_gaps, site.more_gaps_length) == (2, timedelta(minutes=12))


def test_a_figure_is_never_rounded_up_to_the_target() -> None:
    share = service.Share(
        counted=timedelta(seconds=1_000_000), available=timedelta(seconds=994_999), reachable=timedelta(1)
    )
    assert share.percent(share.available) == 99.499
    assert share.meets(99.5) is False
    met = replace(share, available=timedelta(seconds=995_000))
    assert (met.percent(met.available), met.meets(99.5)) == (99.5, True)


def test_a_tenant_reads_its_own_sites_only(
    session: ScopedSession, sessions: SessionFactory, tenant: Tenant, device: Device
) -> None:
    theirs = factories.tenant(session, "theirs")
    changed(session, factories.device(session, theirs), 0, DeviceStatus.ONLINE)
    session.commit()
    with open_session(sessions, Scope(tenant.id)) as ours:
        assert [site.site for site in report(ours, tenant).sites] == ["Site east"]
        assert gaps(report(ours, tenant)) == [(101.5, 130, NO_SAMPLES)]
        assert report(ours, tenant, site="Site west").sites == []
