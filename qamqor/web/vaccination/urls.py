"""The addresses of vaccinations."""

from __future__ import annotations

from django.urls import path

from qamqor.web.vaccination import views

urlpatterns = [
    path("vaccination/watch", views.watch, name="vaccination_watch"),
    path("person/<str:patient>/vaccinations", views.vaccinations, name="vaccinations"),
    path("person/<str:patient>/vaccinate", views.vaccinate, name="vaccinate"),
    path("person/<str:patient>/vaccinate/reaction", views.reaction, name="vaccinate_reaction"),
    path("person/<str:patient>/vaccinate/<uuid:key>", views.done, name="vaccinate_done"),
]
