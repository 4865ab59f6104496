"""The addresses of support and of the case conference."""

from __future__ import annotations

from django.urls import path

from qamqor.web.support import conference, views

urlpatterns = [
    path("person/<str:patient>/needs", views.needs, name="needs"),
    path("person/<str:patient>/needs/ask/<slug:form_id>", views.ask, name="needs_ask"),
    path("person/<str:patient>/needs/note", views.note, name="needs_note"),
    path("person/<str:patient>/needs/plan", views.plan, name="needs_plan"),
    path("person/<str:patient>/needs/plan/<str:plan_id>/end", views.end, name="needs_plan_end"),
    path("person/<str:patient>/bring", conference.bring, name="conference_bring"),
    path("support", views.support, name="support"),
    path("support/<str:task>", views.close, name="support_close"),
    path("conference", conference.conference, name="conference"),
    path("conference/<str:task>", conference.decide, name="conference_decide"),
]
