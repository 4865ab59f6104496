"""The addresses of finding and registering; what is typed never stands in one."""

from __future__ import annotations

from django.urls import path

from qamqor.web.registration import views

urlpatterns = [
    path("find", views.find, name="find"),
]
