"""The server is killed while somebody saves: the page says so, keeps the text, saves it once."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect

from tests.browser import PATIENCE_MS
from tests.village_node import VillageNode, village_node

pytestmark = pytest.mark.browser
DEAD = "the server does not answer"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VillageNode]:
    folder: Path = tmp_path_factory.mktemp("node")
    with village_node(folder) as running:
        yield running


def visiting(context: Any, node: VillageNode, who: str, goal: str) -> Page:
    page: Page = context.new_page()
    page.goto(f"{node.url}/person/{who}/visit")
    page.locator("#id_goal").fill(goal)
    page.locator("#id_systolic").fill("132")
    page.locator("#id_diastolic").fill("78")
    page.locator("#id_pulse").fill("72")
    page.keyboard.press("Tab")
    expect(page.locator("#draft-state")).to_contain_text("Draft saved at")
    return page


def signs(page: Page) -> None:
    page.get_by_role("button", name="Sign the visit").click()


def signed_once(node: VillageNode, who: str) -> None:
    """One visit of this person, whole: its measurements, its goal and its signature."""
    seen = [
        one for one in node.record("Encounter", f"Patient/{who}") if one["status"] == "finished"
    ]
    assert len(seen) == 1
    measured = node.record("Observation", f"Encounter/{seen[0]['id']}")
    signed = node.record("Provenance", f"Encounter/{seen[0]['id']}")
    assert (len(measured), len(signed)) == (2, 1)


def test_a_server_that_is_gone_before_it_hears_keeps_the_page(
    node: VillageNode, browser: Browser
) -> None:
    with node.context(browser) as context:
        page = visiting(context, node, "amina", "Walk to the market")

        def die(route: Route) -> None:
            node.kill()
            route.continue_()

        page.route("**/amina/visit", die, times=1)
        signs(page)
        expect(page.get_by_role("alert")).to_contain_text(DEAD)
        expect(page.locator("#id_goal")).to_have_value("Walk to the market")
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        with page.expect_event("dialog"):
            page.close(run_before_unload=True)
        assert asked == ["beforeunload"]

        node.start()
        signs(page)
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()
        signed_once(node, "amina")


def test_a_server_killed_after_it_saved_and_before_it_answered_saves_once(
    node: VillageNode, browser: Browser
) -> None:
    with node.context(browser) as context:
        page = visiting(context, node, "bolat", "Walk to the river")

        def die(route: Route) -> None:
            route.fetch(max_redirects=0)
            node.kill()
            route.abort()

        page.route("**/bolat/visit", die, times=1)
        signs(page)
        expect(page.get_by_role("alert")).to_contain_text(DEAD)
        node.start()
        signs(page)
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()
        signed_once(node, "bolat")


def has_gone_on(page: Page) -> bool:
    """Whether the answer came before the end, and the next page was asked for, however much of it
    arrived; else the page has said that the server is gone."""
    for _ in range(PATIENCE_MS // 50):
        if not page.url.endswith("/visit"):
            return True
        if page.get_by_role("alert").is_visible():
            return False
        page.wait_for_timeout(50)
    raise AssertionError("the page neither went on nor said that the server is gone")


def asks_again(page: Page) -> None:
    """Reload. Chromium loads a page that failed again by itself, and one load ends the other."""
    for _ in range(PATIENCE_MS // 500):
        try:
            page.reload()
            return
        except Error:
            page.wait_for_timeout(500)
    page.reload()


def test_a_server_killed_at_any_moment_of_saving_saves_once(
    node: VillageNode, browser: Browser
) -> None:
    draw = random.Random(5)
    before = {one["id"] for one in node.record("Encounter", "Patient/dana")}
    for number in range(3):
        with node.context(browser) as context:
            page = visiting(context, node, "dana", f"Walk {number}")

            def die(route: Route) -> None:
                route.continue_()
                threading.Timer(draw.uniform(0.0, 0.15), node.kill).start()

            page.route("**/dana/visit", die, times=1)
            signs(page)
            has_left = has_gone_on(page)
            node.process.wait()
            node.start()
            done = page.get_by_role("heading", name="Visit signed")
            if has_left:
                asks_again(page)
            else:
                expect(page.locator("#id_goal")).to_have_value(f"Walk {number}")
                signs(page)
            expect(done).to_be_visible()
        now = {one["id"]: one for one in node.record("Encounter", "Patient/dana")}
        new = [now[id_] for id_ in now if id_ not in before]
        assert [one["status"] for one in new] == ["finished"]
        assert len(node.record("Observation", f"Encounter/{new[0]['id']}")) == 2
        assert len(node.record("Goal", f"Walk {number}")) == 1
        before |= set(now)
