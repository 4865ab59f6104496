"""Creates, changes and deletes resources; runs bundles."""
