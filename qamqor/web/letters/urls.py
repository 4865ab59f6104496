"""The addresses of printed sheets."""

from __future__ import annotations

from django.urls import path

from qamqor.web.letters import views

urlpatterns = [
    path("person/<str:patient>/print", views.choose, name="print"),
    path("person/<str:patient>/print/visit/<str:encounter>", views.visit, name="print_visit"),
    path("person/<str:patient>/print/plan", views.plan, name="print_plan"),
    path("person/<str:patient>/print/vaccinations", views.vaccinations, name="print_vaccinations"),
    path("person/<str:patient>/print/referral/<str:request_id>", views.referral,
         name="print_referral"),
    path("person/<str:patient>/print/invitation", views.invitation, name="print_invitation"),
]  # fmt: skip
