"""The part of FHIRPath that ViewDefinitions use: read, checked, and followed step by step."""
