"""The images of the data in use, class by class: for whoever wants to add some, or to take some out."""

from typing import Any

from studio.app.pages import Services
from studio.app.paging import file_url
from studio.language import _

HELD = {"image", "label"}  # columns of what is collected class by class
TRAIN = "train"
MOST = 600  # the browser fetches each of them, and holds them


def images_of(services: Services, query: dict[str, Any]) -> dict[str, Any]:
    """{"classes": [{"name", "images": [address, ...], "splits": [name, ...]}]} of the rows that are used; none, and
    "reason" in a sentence, where they are too many. query: {"draft"}.

    splits: of each image the one that the data names for it, where that is kept; else none.
    """
    draft = services.drafts.load(str(query.get("draft")))
    imported, assembled = services.datasets.imported(draft), services.datasets.usable(draft)
    if imported is None or imported.files is None or assembled is None or not {*assembled.table.columns} >= HELD:
        return {"classes": [], "reason": _("There are no images with classes in the data in use.")}
    if len(assembled.table) > MOST:
        too_many = _("There are more than {most:,} images: change them in your ZIP instead.", most=MOST)
        return {"classes": [], "reason": too_many}
    # what the data does not name is drawn from its training rows
    own = assembled.table["split"].where(assembled.table["split"].isin(assembled.kept), TRAIN)
    rows = assembled.table.assign(own=own).groupby("label", sort=True)
    return {
        "classes": [
            {
                "name": str(name),
                "images": [file_url(imported.files / image) for image in group["image"]],
                "splits": group["own"].tolist() if assembled.kept else [],
            }
            for name, group in rows
        ]
    }
