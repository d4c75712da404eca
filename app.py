"""The web page: settings, then the recommender, then the page. `python app.py` serves it."""

from __future__ import annotations

import sys

from recommender.settings import Settings, SettingsError
from recommender.ui.server import launch


def main() -> None:
    try:
        settings = Settings.read({})
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
    launch(settings)


if __name__ == "__main__":
    main()
