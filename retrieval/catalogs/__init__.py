"""The bundled catalogs, each a JSONL file with a card beside it."""
