"""The addresses of the list."""

from __future__ import annotations

from django.urls import path

from qamqor.web.worklist import views

urlpatterns = [
    path("", views.start, name="home"),
    path("today", views.today, name="today"),
    path("today/<str:patient>", views.why, name="today_why"),
    path("today/<str:patient>/outcome", views.outcome, name="today_outcome"),
    path("today/<str:patient>/undo", views.undo, name="today_undo"),
]
