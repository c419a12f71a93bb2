"""The app file of a hosted Space: the same page as `studio ui`, open to the network.

A Space runs this file by its path, from a clone that is not installed. Storage is STUDIO_HOME (a persistent
disk, where there is one), the login STUDIO_AUTH, the largest upload STUDIO_UPLOAD_LIMIT (MB).
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def use_repository() -> None:
    """Import from the repository's root, here and in every process that is started from here.

    Python put this file's own folder first instead, where `datasets.py` would hide the library of that name.
    """
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [str(ROOT), *(entry for entry in sys.path if entry not in (here, str(ROOT)))]
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), inherited)))


def main() -> None:
    use_repository()
    from studio.app.server import serve
    from studio.server_settings import ServerSettings, from_environment

    serve(
        ServerSettings.read(
            {
                "host": "0.0.0.0",
                "port": int(os.environ.get("GRADIO_SERVER_PORT") or 7860),
                "open_browser": False,
                **from_environment(),
            },
            "settings of the Space",
        )
    )


if __name__ == "__main__":
    main()
