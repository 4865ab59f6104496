"""The sentences of a person's explanation and of the list of who is due, in three languages."""

from __future__ import annotations

from datetime import date
from typing import Final

from babel.units import format_unit

from qamqor.errors import NotPossible
from qamqor.services.report_words import LANGUAGES, Words

_SENTENCES: Final[dict[str, tuple[str, str, str]]] = {
    "invented": ("ойдан шығарылған адамдар", "вымышленные люди", "invented people"),
    "as_of": ("{day} жағдайы бойынша", "по состоянию на {day}", "as of {day}"),
    "known_at": (
        "{day} күніне дейін жазылғандар бойынша",
        "по записям, внесённым до {day}",
        "from what had been recorded by {day}",
    ),
    "pack": ("ережелер жинағы {pack}", "набор правил {pack}", "pack {pack}"),
    "draft": (
        "бекітілмеген ережелер (жоба)",
        "правила не утверждены (черновик)",
        "rules not approved (draft)",
    ),
    "invented_approval": (
        "ережелерді бекіту ойдан шығарылған",
        "утверждение правил вымышлено",
        "invented approval of the rules",
    ),
    "sex.female": ("әйел", "женщина", "female"),
    "sex.male": ("ер адам", "мужчина", "male"),
    "rural": ("ауыл", "село", "village"),
    "urban": ("қала", "город", "town"),
    "age": ("жасы: {n}", "возраст: {n}", "age {n}"),
    "born": ("туған күні: {day}", "дата рождения: {day}", "born {day}"),
    "overdue": ("Мерзімі өтті", "Просрочено", "Overdue"),
    "due": ("Мерзімі келді", "Пора", "Due now"),
    "not_due": ("Әлі ерте", "Ещё рано", "Not due yet"),
    "unknown": ("Анықтау мүмкін емес", "Нельзя определить", "Cannot be known"),
    "not_concerned": ("Қажет емес", "Не требуется", "Does not apply"),
    "nothing": ("жоқ", "нет", "none"),
    "due_on": ("мерзімі: {day}", "срок: {day}", "due {day}"),
    "late_by": ("{span} бұрын өтіп кетті", "просрочено: {span}", "{span} late"),
    "since": ("мерзімі келгеніне {span}", "срок наступил {span} назад", "due for {span}"),
    "today": ("бүгін", "сегодня", "due today"),
    "in": ("мерзіміне {span} қалды", "через {span}", "in {span}"),
    "overdue_on": (
        "мерзімі өтетін күн: {day}",
        "считается просроченным с {day}",
        "counts as overdue from {day}",
    ),
    "why": ("Неге", "Почему", "Why"),
    "who": ("Кім", "Кто", "Who"),
    "when": ("Қашан", "Когда", "When"),
    "closes": ("Немен жабылады", "Чем закрывается", "What would close it"),
    "evidence": ("Неге негізделген", "На чём основано", "What it rests on"),
    "rule": ("Қағида нұсқасы", "Версия правила", "Rule version"),
    "question": ("Сұрақ", "Вопрос", "Question"),
    "found": ("Табылғаны", "Что найдено", "Found"),
    "no_rows": ("жазба жоқ", "записей нет", "no records"),
    "rows": ("{n} жазба", "записей: {n}", "{n} records"),
    "one_row": ("1 жазба", "записей: 1", "1 record"),
    "with_codes": (
        "{set} жинағының кодымен: {n}",
        "с кодом из набора {set}: {n}",
        "{n} with a code of {set}",
    ),
    "of_programme": ("осы бағдарламадан: {n}", "этой программы: {n}", "{n} of this programme"),
    "belongs_since": (
        "{day} күнінен бастап бағдарламада, істейтін ештеңе жоқ",
        "в программе с {day}, делать ничего не нужно",
        "belongs since {day}, nothing to do",
    ),
    "belongs_until": (
        "бағдарламада {day} күніне дейін болды",
        "в программе до {day}",
        "belonged until {day}",
    ),
    "belongs_from": (
        "{day} күнінен бастап шарттарға сай келеді",
        "условия выполняются с {day}",
        "belongs from {day}",
    ),
    "not_counted": (
        "Бұл адам тізілімде жоқ, белсенді емес немесе қайтыс болған: ешқандай көмек есептелмейді.",
        "Человека нет в регистре, запись не активна или отмечена смерть: помощь не считается.",
        "This person is not on the register, not active or has died: nothing is worked out.",
    ),
    "no_record": (
        "бұл күні кестелерде жоқ",
        "в таблицах на этот день нет",
        "not in the tables on this day",
    ),
    "urgency.1": ("қазір", "сейчас", "now"),
    "urgency.2": ("жақын арада", "скоро", "soon"),
    "urgency.3": ("жоспарлы", "планово", "planned"),
    "urgency.4": ("әдеттегідей", "обычно", "routine"),
    "role.gp": ("жалпы практика дәрігері", "врач общей практики", "GP"),
    "role.practice_nurse": (
        "кеңейтілген практика мейіргері",
        "медсестра расширенной практики",
        "practice nurse",
    ),
    "role.district_nurse": ("учаскелік мейіргер", "участковая медсестра", "district nurse"),
    "role.midwife": ("акушер", "акушерка", "midwife"),
    "role.psychologist": ("психолог", "психолог", "psychologist"),
    "role.social_worker": ("әлеуметтік қызметкер", "социальный работник", "social worker"),
    "channel.clinic": ("емханада", "в поликлинике", "in the clinic"),
    "channel.home": ("үйде", "на дому", "at home"),
    "channel.phone": ("телефонмен", "по телефону", "by phone"),
    "channel.video": ("бейнебайланыспен", "по видеосвязи", "by video"),
    "channel.message": ("хабарламамен", "сообщением", "by message"),
    "yes": ("иә", "да", "yes"),
    "no": ("жоқ", "нет", "no"),
    "person": ("Адам", "Человек", "Person"),
    "age_sex": ("Жасы, жынысы", "Возраст, пол", "Age, sex"),
    "area": ("Учаске", "Участок", "Area"),
    "oldest": ("Ең ескі мерзім", "Самый давний срок", "Oldest due"),
    "urgency": ("Жеделдік", "Срочность", "Urgency"),
    "needs": ("Не керек және неге", "Что нужно и почему", "What is due, and why"),
    "people": ("{n} адам", "людей: {n}", "{n} people"),
    "shown_of": ("көрсетілгені {n}, барлығы {all}", "показано {n} из {all}", "{n} of {all} shown"),
}


# Babel knows no days and months in Kazakh; a noun stays singular after a number.
_KAZAKH_UNITS: Final = {"day": "күн", "week": "апта", "month": "ай", "year": "жыл"}
_UNITS: Final = (("week", 14, 7), ("month", 61, 30.4), ("year", 1096, 365.2))


class PopulationWords(Words):
    """The same sentences in one language, by name."""

    def __init__(self, language: str) -> None:
        """Choose a language.

        Raises:
            NotPossible: it is not one of the three.
        """
        if language not in LANGUAGES:
            raise NotPossible(f"no words in {language!r}: choose kk, ru or en")
        super().__init__(language)
        self._place = LANGUAGES.index(language)

    def tell(self, name: str, **values: object) -> str:
        """One sentence; a name without one is shown as it is."""
        if name not in _SENTENCES:
            return name.rsplit(".", maxsplit=1)[-1]
        return _SENTENCES[name][self._place].format(**self._written(values))

    def span(self, days: int) -> str:
        """A number of days in the unit people would use, rounded down but for a day or two."""
        unit, n = "day", days
        for longer, at_least, length in _UNITS:
            if days >= at_least:
                unit, n = longer, int(days / length)
        return self.length(unit, n)

    def length(self, unit: str, n: int) -> str:
        """So many days, weeks, months or years."""
        if self.language == "kk":
            return f"{n} {_KAZAKH_UNITS[unit]}"
        return str(format_unit(n, f"duration-{unit}", length="long", locale=self.locale))

    def when(self, due_on: date | None, overdue_on: date | None, as_of: date) -> str:
        """Since when, or in how long, in words first, then the dates."""
        if due_on is None:
            return self.tell("unknown")
        if overdue_on is not None and overdue_on <= as_of:
            span = self.tell("late_by", span=self.span((as_of - due_on).days))
        elif due_on == as_of:
            span = self.tell("today")
        elif due_on < as_of:
            span = self.tell("since", span=self.span((as_of - due_on).days))
        else:
            span = self.tell("in", span=self.span((due_on - as_of).days))
        dates = [self.tell("due_on", day=self.day(due_on))]
        if overdue_on is not None:
            dates.append(self.tell("overdue_on", day=self.day(overdue_on)))
        return f"{span} ({', '.join(dates)})"
