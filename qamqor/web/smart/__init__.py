"""SMART App Launch: how other applications are let in."""
