"""As whom the Hugging Face Hub is asked: with the login of whoever runs the server only for themselves."""

from typing import Literal

from studio.language import _
from studio.paths import Home

Token = Literal[False] | None  # as huggingface_hub takes it: none at all, or the usual one (HF_TOKEN or its login)

ONLY_OPEN = _("Choose what everybody may read: for the people who use this server the Hub is asked without a login.")


def token_for(home: Home) -> Token:
    """For work in this home. What the login may see is not for people who have a home inside the server's."""
    return None if home.server == home else False
