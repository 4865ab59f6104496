"""The script judges a number as the engine does, for every measure and around every limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser

from qamqor.engine.measurements.definition import Measure
from qamqor.engine.measurements.typed import remarks
from qamqor.services.visit import content
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
ODD = ("", " ", "1e3", "-5", "+5", ".5", "5.", "1,5", "١٢٠", "12 0", "000120", "99999999", "1.25")


def texts(part: Measure) -> list[str]:
    """Everything just below, at and above each limit, and what is no number."""
    step = Decimal(1).scaleb(-part.decimals)
    near = [limit + by for limit in (*part.hard, *part.soft) for by in (-step, Decimal(0), step)]
    if part.change is not None:
        near += [100 + part.change + by for by in (-step, Decimal(0), step)]
    return [*ODD, *(str(one) for one in near if one >= 0)]


def test_the_script_judges_as_the_engine_does(
    village: None, live_server: Any, browser: Browser
) -> None:
    cases = []
    for one in content.measurements():
        for part in one.parts:
            alone = type(one)(one.id, one.code, one.label, (part,), is_panel=False)
            for text in texts(part):
                said = remarks(alone, {part.id: text}, {part.id: Decimal(100)})
                rules = {
                    "decimals": part.decimals,
                    "hard": [float(limit) for limit in part.hard],
                    "soft": [float(limit) for limit in part.soft],
                    "last": 100,
                    "change": None if part.change is None else float(part.change),
                }
                cases.append({"rules": rules, "text": text, "code": said[0].code if said else ""})
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/amina/visit")
        source = page.locator("script[src*='visit.js']").get_attribute("src")
        wrong = page.evaluate(
            """async ([source, cases]) => {
                const { remark } = await import(source);
                const judged = (one) => remark(one.rules, one.text, null);
                const said = cases.map((one) => ({ ...one, said: judged(one) }));
                return said.filter((one) => one.said !== one.code);
            }""",
            [source, cases],
        )
    assert len(cases) > 200
    assert wrong == []
