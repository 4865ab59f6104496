"""The addresses of referrals."""

from __future__ import annotations

from django.urls import path

from qamqor.web.referrals import views

urlpatterns = [
    path("person/<str:patient>/refer", views.refer, name="refer"),
    path("person/<str:patient>/refer/draft", views.draft, name="refer_draft"),
    path("referrals", views.listed, name="referrals"),
    path("referrals/<str:request_id>", views.one, name="referral"),
]
