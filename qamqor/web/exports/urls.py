"""The addresses of exports that wait for a second person."""

from __future__ import annotations

from django.urls import path

from qamqor.web.exports import views

urlpatterns = [
    path("exports", views.waiting, name="exports"),
    path("exports/<str:id_>", views.decide, name="decide_export"),
]
