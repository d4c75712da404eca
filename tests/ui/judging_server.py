"""Serves the pages over the scripted recommender: `judging_server.py PORT FOLDER`.

A process of its own, so that a test can kill it and start it again.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from scripted import ScriptedRecommender

from recommender.settings import Settings
from recommender.ui.judging_api import judging_routes
from recommender.ui.pages import build_pages
from recommender.ui.server import serve

if __name__ == "__main__":
    recommender = ScriptedRecommender(Settings(model="none", data=Path(sys.argv[2])))
    routes = judging_routes(recommender)
    page = build_pages(recommender)
    serve(page, "127.0.0.1", int(sys.argv[1]), routes=routes)
    page.block_thread()
