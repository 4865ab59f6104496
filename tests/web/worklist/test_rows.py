"""What a row of the list says: the same day as every other page, and no step that is not mine."""

from __future__ import annotations

from datetime import date

from django.utils import translation

from qamqor.engine.worklist import Need, Row, Tab
from qamqor.services.worklist.today import Line
from qamqor.web.components.needs import by_when
from qamqor.web.person.cards import RELATIVES
from qamqor.web.registration.forms import HOME_ROLES
from qamqor.web.worklist import presenters

TODAY = date(2026, 11, 30)
PERSON = {"resourceType": "Patient", "id": "amina", "name": [{"family": "Ахметова"}]}


def shown(tab: Tab, *needs: Need, since: date | None = None) -> presenters.Shown:
    row = Row("amina", tab, needs, (), "clinic", since, None, 0, None)
    with translation.override("en"):
        return presenters.shown(Line(row, PERSON, {}), TODAY)


def test_who_waits_for_a_specialist_is_not_to_be_invited() -> None:
    one = shown(Tab.waiting, since=date(2026, 10, 1))
    assert one.act == "Show"
    assert "clinic" not in one.channel
    assert one.last_try == "", "that nobody called them says nothing: nobody should"


def test_what_is_not_late_says_until_when_as_the_persons_page_does() -> None:
    need = Need("p", "a", "", "gp", "clinic", 3, date(2026, 11, 1), date(2027, 1, 1), "due")
    one = shown(Tab.to_see, need)
    with translation.override("en"):
        assert one.when == by_when(need.due_on, need.overdue_on, TODAY)
    assert one.when.replace("\N{NO-BREAK SPACE}", " ") == "until 1 January"
    assert one.since == "in 4 weeks"


def test_what_is_late_says_since_when_and_a_far_day_its_year() -> None:
    with translation.override("en"):
        assert by_when(date(2026, 10, 5), date(2026, 11, 1), TODAY) == "8 weeks ago"
        assert by_when(date(2026, 11, 1), date(2027, 11, 1), TODAY) == "until 01.11.2027"
        assert by_when(None, None, TODAY) == ""


def test_one_visit_is_said_only_where_people_are_seen_together() -> None:
    assert set(presenters.TOGETHER) == {Tab.to_see, Tab.to_call, Tab.to_visit}
    assert presenters.TOGETHER[Tab.to_call] != presenters.TOGETHER[Tab.to_see]


def test_a_place_in_the_family_has_one_name_on_every_page() -> None:
    both = set(RELATIVES) & set(HOME_ROLES) - {"other"}
    assert both == {"head", "spouse", "child", "parent"}
    assert [str(RELATIVES[one]) for one in both] == [str(HOME_ROLES[one]) for one in both]
