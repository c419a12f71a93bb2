"""An image: the name of a file that was stored when the data was imported."""

from studio.data.fields.stored_file import StoredFile
from studio.data.named_files import WITHOUT_IMAGES
from studio.language import _, plural

# what `studio.data.image_files.load_image` does, for people without the studio: `pipeline` drops transparency, and
# cuts 16 bits off instead of scaling them
READING = (
    "import numpy\nfrom PIL import Image, ImageOps",
    '''def read(path):
    """The image upright, in RGB, transparent parts on white: as the model saw its images."""
    with open(path, "rb") as file:
        image = ImageOps.exif_transpose(Image.open(file))
    if image.mode.startswith(("I", "F")):  # 16 bits a pixel and more
        values = numpy.asarray(image, dtype="float32")
        scale = 255 / 65535 if values.max() > 255 else 1.0
        image = Image.fromarray((values * scale).clip(0, 255).astype("uint8"))
    elif image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image.convert("RGB")''',
)


class ImageFile(StoredFile):
    name = "image"
    examples = ("images/1.png", "images/2.png", "images/3.png")
    missing = _("The image is missing.")
    bring = {
        "text": _("A table alone brings no images: put it and the images that it names into one ZIP."),
        "image": _("Bring the images in one ZIP."),
        "audio": _("This task learns from images: bring those."),
    }
    example = 'read("image.jpg")'
    reading = READING
    absent = _("There are no images in this data.")
    foreign = _("'{file}' is not an image of this data.")
    lost = _("Image not found")
    without = WITHOUT_IMAGES

    def counted(self, n: int) -> str:
        return plural("{n:,} image", "{n:,} images", n)
