"""Taking in a catalog from whatever file people have, keeping it, and finding it by name."""
