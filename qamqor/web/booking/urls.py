"""The addresses of bookings."""

from __future__ import annotations

from django.urls import path

from qamqor.web.booking import views

urlpatterns = [
    path("bookings", views.day, name="bookings"),
    path("booking/<str:id_>", views.one, name="booking"),
    path("booking/<str:id_>/step", views.step, name="booking_step"),
    path("person/<str:patient>/book", views.book, name="book"),
    path("person/<str:patient>/book/times", views.times, name="book_times"),
]
