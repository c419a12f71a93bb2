"""The app file of a hosted Space: the same page as `studio ui`, open to the network.

A Space runs this file by its path, from a clone that is not installed. Storage is STUDIO_HOME (a persistent
disk, where there is one), the accounts STUDIO_AUTH or STUDIO_USERS, the largest upload STUDIO_UPLOAD_LIMIT (MB).
Without accounts it is open to everyone, each guest with a workspace of their own.
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

    told = from_environment()
    of_a_space = {
        "host": "0.0.0.0",
        "port": int(os.environ.get("GRADIO_SERVER_PORT") or 7860),
        "open_browser": False,
        "open_to_everyone": not ("auth" in told or "users" in told),
    }
    serve(ServerSettings.read({**of_a_space, **told}, "settings of the Space"))


if __name__ == "__main__":
    main()
