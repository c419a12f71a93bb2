"""Choosing the language of the page, which the browser remembers."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studio.app.access.cookies import LANGUAGE, Cookies
from studio.app.access.sign_in import short_form, to_the_page
from studio.language import languages

CHOOSE = "/language"
SECONDS = 365 * 24 * 3600.0


def language_route(cookies: Cookies) -> Route:
    async def choose(request: Request) -> Response:
        code, response = (await short_form(request)).get("language", ""), to_the_page(request)
        if code in languages():
            response.headers.append("set-cookie", cookies.header(request, LANGUAGE, code, SECONDS))
        return response

    return Route(CHOOSE, choose, methods=["POST"])
