"""Diagnoses: what the classification holds, what each code is called, which one a text means."""
