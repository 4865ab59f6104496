"""The addresses of finding and registering; what is typed never stands in one."""

from __future__ import annotations

from django.urls import path

from qamqor.web.registration import person, register, twins, views

urlpatterns = [
    path("find", views.find, name="find"),
    path("register", register.register, name="register"),
    path("register/twins", register.beside, name="register_twins"),
    path("person/<str:patient>/edit", person.edit, name="person_edit"),
    path("person/<str:patient>/attachment", person.attachment, name="person_attachment"),
    path("person/<str:patient>/household", person.household, name="person_household"),
    path("person/<str:patient>/consent", person.consent, name="person_consent"),
    path("twins", twins.review, name="twins"),
    path("twins/<str:one>/<str:other>", twins.pair, name="twins_pair"),
    path("twins/<str:one>/<str:other>/open", twins.reopen, name="twins_reopen"),
    path("twins/<str:loser>", twins.undo, name="twins_undo"),
]
