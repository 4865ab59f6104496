"""The address of the components page."""

from __future__ import annotations

from django.urls import path

from qamqor.web.preview import views

urlpatterns = [path("components", views.show, name="components")]
