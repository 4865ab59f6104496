"""The addresses of one person's pages."""

from __future__ import annotations

from django.urls import path

from qamqor.web.person import views

urlpatterns = [
    path("person/<str:patient>", views.person, name="person"),
    path("person/<str:patient>/history", views.history, name="person_history"),
    path("person/<str:patient>/record/<str:type_>/<str:id_>", views.record, name="person_record"),
    path("person/<str:patient>/who-opened", views.who_opened, name="who_opened"),
    path("person/<str:patient>/open", views.open_glass, name="person_open"),
    path("person/<str:patient>/wrong", views.wrong, name="person_wrong"),
]
