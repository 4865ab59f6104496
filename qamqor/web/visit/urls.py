"""The addresses of a visit."""

from __future__ import annotations

from django.urls import path

from qamqor.web.visit import asking, views

urlpatterns = [
    path("person/<str:patient>/visit", views.visit, name="visit"),
    path("visit/diagnoses", views.find_diagnoses, name="visit_diagnoses"),
    path("person/<str:patient>/visit/draft", views.draft, name="visit_draft"),
    path("person/<str:patient>/visit/undo", views.undo, name="visit_undo"),
    path("person/<str:patient>/form/<slug:form_id>", asking.ask, name="form"),
    path("person/<str:patient>/form/<slug:form_id>/draft", asking.draft, name="form_draft"),
    path("person/<str:patient>/form/<slug:form_id>/undo", asking.undo, name="form_undo"),
    path("person/<str:patient>/visit/<uuid:key>", views.done, name="visit_done"),
]
