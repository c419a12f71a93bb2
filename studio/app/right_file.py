"""What the right file for a task looks like: a picture of it, and a template to fill in."""

import base64
from functools import cache

from components.file_tree import file_tree
from components.tables import simple_table
from components.words import escape
from studio.app.pages import download_link, hint
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.templates import Template, template_of
from studio.language import _
from studio.tasks.base import Task

KINDS = {"csv": "text/csv", "zip": "application/zip"}


def right_file_html(task: Task) -> str:
    """Folded under its title; the template travels in its link."""
    template, content = made(task.columns)
    address = f"data:{KINDS[template.name.rpartition('.')[2]]};base64,{content}"
    link = download_link(address, _("Download a template"), template.name)
    title = _("What the right file looks like")
    return f'<details class="ui-right-file"><summary>{escape(title)}</summary>{picture(task, template)}{link}</details>'


def picture(task: Task, template: Template) -> str:
    """The files of an archive as a tree, and its table, or the table alone."""
    tree = table = ""
    if len(template.files) > 1:
        tree = file_tree(_("your-data.zip"), list(template.files), _("… and more images"))
    if template.rows:
        columns = [{"key": name, "title": name} for name in template.rows[0]]
        table = simple_table(columns, template.rows, caption=template_table(template))
    if not table:
        return tree + hint(_("One folder for each class, named after it; 20 images or more in each are a good start."))
    named = hint(_("The columns may have other names: you say which is which after the upload."))
    return tree + table + (named if all(FIELDS[column.kind].is_plain for column in task.columns) else "")


def template_table(template: Template) -> str:
    return next(name for name in template.files if name.endswith(".csv"))


@cache
def made(columns: tuple[Column, ...]) -> tuple[Template, str]:
    """The template and its content in base64: drawn once, as long as the server runs."""
    template = template_of(columns)
    return template, base64.b64encode(template.content()).decode()
