"""Changes part of a resource: by JSON Patch or by FHIRPath Patch."""
