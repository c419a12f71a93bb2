"""The images of the data in use, class by class: for whoever wants to add some, or to take some out."""

from typing import Any

from studio.app.pages import Services
from studio.app.paging import file_url
from studio.language import _

MOST = 600  # the browser fetches each of them, and holds them


def images_of(services: Services, query: dict[str, Any]) -> dict[str, Any]:
    """{"classes": [{"name", "images": [address, ...]}]} of the rows that are used; none, and "reason" in a sentence,
    where they are too many. query: {"draft"}."""
    draft = services.drafts.load(str(query.get("draft")))
    imported, assembled = services.datasets.imported(draft), services.datasets.usable(draft)
    if imported is None or imported.files is None or assembled is None or not assembled.label:
        return {"classes": [], "reason": _("There are no images with classes in the data in use.")}
    if len(assembled.table) > MOST:
        too_many = _("There are more than {most:,} images: change them in your ZIP instead.", most=MOST)
        return {"classes": [], "reason": too_many}
    names = assembled.table.groupby(assembled.label, sort=True)["image"]
    return {
        "classes": [
            {"name": str(name), "images": [file_url(imported.files / image) for image in images]}
            for name, images in names
        ]
    }
