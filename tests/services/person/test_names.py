"""Whatever somebody can be referred for has words in each language wherever its code is shown."""

from __future__ import annotations

import pytest

from qamqor.engine.words import LANGUAGES
from qamqor.services.person import content
from qamqor.services.referral import waiting


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_specialist_is_called_alike_on_every_page(language: str) -> None:
    for one in waiting.content().services:
        coding = {"system": one.system, "code": one.code, "display": one.label["en"]}
        assert content.said({"coding": [coding]}, language) == one.label[language]
