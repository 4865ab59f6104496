"""Journeys of the desk: a new person, and a reply that came."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from qamqor.engine.referral import State
from qamqor.services.referral import follow
from qamqor.services.referral.follow import Step
from tests.journeys.counting import walked
from tests.pages import signed_in
from tests.services.access.village import actor
from tests.services.test_derived import AT
from tests.web.referrals.test_referrals import hospital, opened, sent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
__all__ = ["hospital"]


def test_a_person_is_registered_with_keys_alone(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/register")
        with walked("register_person", page) as journey:
            journey.type("850312900030")
            journey.press("Tab")
            journey.type("05031999")
            journey.press("Tab", "ArrowDown", "Tab")
            journey.type("Ким")
            journey.press("Tab")
            journey.type("Ольга")
            journey.decide("whether somebody beside the form is her")
            journey.press("Enter")
            page.wait_for_url("**/person/*/edit")
        expect(page.locator("#id_born_on")).to_have_value("05.03.1999")
        expect(page.get_by_label("female")).to_be_checked()


def test_a_reply_is_read_and_the_referral_closed(
    hospital: None, live_server: Any, browser: Browser
) -> None:
    id_ = sent()
    nurse = actor("practice_nurse", reference="PractitionerRole/nurse")
    reply = Step(State.replied, follow.read(id_).version, text="An innocent murmur.")
    follow.take(id_, reply, actor=nurse, at=AT, key=str(uuid.uuid4()))
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/referrals?tab=replied")
        with walked("close_referral", page) as journey:
            journey.press("j", "Enter")
            expect(page.locator("main")).to_contain_text("An innocent murmur.")
            journey.decide("what follows from the reply")
            journey.click(page.get_by_role("button", name="Read and close"))
            expect(page.get_by_role("status")).to_have_text("Saved.")
