"""The link of a run: whoever opens it finds the run on their page, if it is theirs or its owner made the link."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studio.app.access.gate import LINK
from studio.app.access.person import Person
from studio.app.access.sign_in import to_the_page


def link_route(open_link: Callable[[Person, str, str], None]) -> Route:
    """open_link: (person, run's id, secret) -> what the person's next page opens."""

    async def follow(request: Request) -> Response:
        run_id, secret = request.path_params["run"], request.path_params["secret"]
        await run_in_threadpool(open_link, request.scope["person"], run_id, secret)
        return to_the_page(request)

    return Route(f"{LINK}{{run}}/{{secret}}", follow, methods=["GET"])
