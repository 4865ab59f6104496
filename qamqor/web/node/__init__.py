"""Says how this node is: alive, ready, and in numbers."""
