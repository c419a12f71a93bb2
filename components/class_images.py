"""Images collected class by class: dropped, chosen, pasted or taken with the camera, and sent as class folders."""

from collections.abc import Callable
from typing import Any, TypedDict

from components.element import Element, question
from components.icons import icon
from components.scripts import script


class ClassImagesValue(TypedDict):
    """draft: whose images these are: with another one it begins anew. dataset: the data in use, if there is any. most:
    bytes of all images together."""

    draft: str
    dataset: str | None
    most: int


class ClassImages(Element):
    """Fires `upload` with {"path"}: where the server keeps the ZIP of them.

    images: called with the value; gives {"classes": [{"name", "images": [address, ...], "splits": [name, ...]}]} of the
    data in use, and perhaps a "reason" why none are given. splits: into which each image goes, or none; where some
    have one, a folder of each split holds the class folders, and what is new is for training.
    """

    def __init__(
        self,
        images: Callable[[dict[str, Any]], dict[str, Any]],
        value: ClassImagesValue | None = None,
        **settings: Any,
    ) -> None:
        def images_of(query: Any) -> dict[str, Any]:
            return images(question(query))

        images_of.__name__ = "images"
        super().__init__(
            value=value,
            html_template='<div class="ui-classes"></div>',
            js_on_load=script("sending", "brought", "camera", "lightbox", "class_images"),
            apply_default_css=False,
            server_functions=[images_of],
            **{name: icon(name) for name in ("camera", "upload", "paste", "trash", "plus", "cross")},
            **settings,
        )
