"""The words of every error a person may meet, by its code: what happened, why, what next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads when something did not work.

    Attributes:
        title: what happened. why: the reason. safe: whether anything was changed.
        next: what to do now. status: the HTTP status.
        is_for_now: the same asked once more may work, so the page offers it.
    """

    title: Text
    why: Text
    safe: Text
    next: Text = ""
    status: int = 409
    is_for_now: bool = False


NOTHING_CHANGED: Final = _("Nothing was changed.")
ON_PAPER: Final = _("If it is urgent, write it on paper and enter it later.")
BY_CODE: Final = {
    "unexpected": Words(
        title=_("We could not open the page."),
        why=_("This is a mistake on our side, not yours."),
        safe=_("What was saved before is kept."),
        next=ON_PAPER,
        status=500,
        is_for_now=True,
    ),
    "unavailable": Words(
        title=_("The system does not answer just now."),
        why=_("The place where records are kept cannot be reached; it is being seen to."),
        safe=_("What was saved before is kept."),
        next=ON_PAPER,
        status=503,
        is_for_now=True,
    ),
    # Of a room only, never of a record: which roles work there is no secret.
    "access.other-role": Words(
        title=_("This page is for other colleagues."),
        why=_("It belongs to work that your role does not do here."),
        safe=NOTHING_CHANGED,
        next=_("Ask one of them, or the administrator if this is your work now."),
        status=403,
    ),
    "access.no-post": Words(
        title=_("Your account has no post."),
        why=_("What is done in care is kept under the post of whoever did it."),
        safe=NOTHING_CHANGED,
        next=_("Ask the administrator to join your account to your post."),
        status=403,
    ),
    "access.post-ended": Words(
        title=_("Your post here has ended."),
        why=_("Pages about people open only while somebody holds a post."),
        safe=NOTHING_CHANGED,
        next=_("If you work here, ask the administrator to enter your post."),
        status=403,
    ),
    # Where access is denied and where nothing exists, the words are the same.
    "not-there": Words(
        title=_("Nothing to show here."),
        why=_("There is no such page, or it is not among those you may open."),
        safe=NOTHING_CHANGED,
        next=_("Check the address, or begin from the start page."),
        status=404,
    ),
    "not-there.of-a-person": Words(
        title=_("Nothing to show here."),
        why=_("There is no such page about this person, or their record is not open to you."),
        safe=NOTHING_CHANGED,
        next=_("Begin from the person's page; it says whether the record is open to you."),
        status=404,
    ),
    "not-there.person": Words(
        title=_("This record is not open to you"),
        why=_("There is no such person, or they belong to another team. Nothing was shown."),
        safe=NOTHING_CHANGED,
        next=_(
            "The record is open to the team of the person's area, "
            "and to whom the person is referred or booked."
        ),
        status=404,
    ),
    "fhir.version-conflict": Words(
        title=_("Somebody changed this meanwhile."),
        why=_("The record is newer than what you saw."),
        safe=_("What you wrote was not saved; the other change is kept."),
        next=_("Go back, compare both, and save again."),
    ),
    "not-possible": Words(
        title=_("This cannot be done now."),
        why=_("The record is not in the state this needs."),
        safe=NOTHING_CHANGED,
        next=_("Go back and look at the record again."),
    ),
    "fhir.unusable": Words(
        title=_("This cannot be saved as written."),
        why=_("Something in it breaks a rule of the record."),
        safe=NOTHING_CHANGED,
        next=_("Go back, check what you entered, and save again."),
        status=422,
    ),
    "request.forged": Words(
        title=_("The page was open too long."),
        why=_("For safety a form works only for a while and only from our own pages."),
        safe=NOTHING_CHANGED,
        next=_("Go back, load the page again, and repeat."),
        status=403,
    ),
    "request.too-many": Words(
        title=_("Too many attempts."),
        why=_("For safety the number of attempts in a minute is limited."),
        safe=_("Nothing was changed; your account is not blocked for good."),
        next=_("If you forgot the password, ask the administrator."),
        status=429,
    ),
    "access.too-many": Words(
        title=_("Too much was asked at once."),
        why=_("So that the system stays quick for everybody, the number in a minute is limited."),
        safe=NOTHING_CHANGED,
        status=429,
        is_for_now=True,
    ),
    "request.other-way": Words(
        title=_("This address is not opened like that."),
        why=_("It takes a form of one of our pages, or only shows a page."),
        safe=NOTHING_CHANGED,
        next=_("Begin from the page where you came from."),
        status=405,
    ),
    "request.too-large": Words(
        title=_("That was too large to send."),
        why=_("What the page sent is larger than we take at once."),
        safe=NOTHING_CHANGED,
        next=_("Go back, shorten the text, and save again."),
        status=413,
    ),
    "referral.too-late": Words(
        title=_("The referral has gone on already."),
        why=_("Somebody took this step, or another one, before you."),
        safe=NOTHING_CHANGED,
        next=_("Open the referral again and look how far it is."),
    ),
    "booking.over": Words(
        title=_("This booking has gone on already."),
        why=_("It was kept, missed or cancelled before you."),
        safe=NOTHING_CHANGED,
        next=_("Open the booking again and look how it stands."),
    ),
    "smart.no-pkce": Words(
        title=_("This application asks in an unsafe way."),
        why=_("It must protect its request by PKCE with the method S256."),
        safe=_("It was given nothing."),
        next=_("Tell the maker of the application."),
        status=400,
    ),
    "smart.other-audience": Words(
        title=_("This application asks for another server."),
        why=_("The address of the record in its request (aud) is not ours."),
        safe=_("It was given nothing."),
        next=_("Check which server the application is set up for."),
        status=400,
    ),
    "smart.launch-over": Words(
        title=_("Start the application once more."),
        why=_("A start works once and for five minutes."),
        safe=_("It was given nothing."),
        next=_("Go back to the person's page and open the application again."),
        status=400,
    ),
    "request.wrong": Words(
        title=_("We did not understand the request."),
        why=_("The address or the form was not complete."),
        safe=NOTHING_CHANGED,
        next=_("Go back and try again."),
        status=400,
    ),
}
SAME_WORDS: Final = {"access.not-allowed": "not-there", "fhir.gone": "not-there"}


def words_for(code: str) -> Words:
    """The words of a code; a code without its own gets those of anything not possible."""
    code = SAME_WORDS.get(code, code)
    return BY_CODE.get(code) or BY_CODE["not-possible"]
