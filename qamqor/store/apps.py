"""Tells Django where the record's tables live."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "qamqor.store"
    label = "store"
