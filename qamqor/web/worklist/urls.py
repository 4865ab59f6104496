"""The addresses of the list."""

from __future__ import annotations

from django.urls import path

from qamqor.web.worklist import handing, order, rounds, team, views

urlpatterns = [
    path("", views.start, name="home"),
    path("today", views.today, name="today"),
    path("today/changed", views.changed, name="today_changed"),
    path("today/density", views.density, name="today_density"),
    path("today/order", order.order, name="today_order"),
    path("team", team.team, name="team"),
    path("team/cover", team.put_cover, name="team_cover"),
    path("team/cover/<str:id_>/end", team.end_cover, name="team_cover_end"),
    path("round", rounds.show, name="round"),
    path("round/again", rounds.again, name="round_again"),
    path("round/<str:patient>/outcome", rounds.outcome, name="round_outcome"),
    path("today/<str:patient>", views.why, name="today_why"),
    path("today/<str:patient>/outcome", views.outcome, name="today_outcome"),
    path("today/<str:patient>/book", views.book, name="today_book"),
    path("today/<str:patient>/give/<str:role>", handing.give, name="today_give"),
    path("today/<str:patient>/back/<str:role>", handing.take_back, name="today_take_back"),
    path("today/<str:patient>/undo", views.undo, name="today_undo"),
]
