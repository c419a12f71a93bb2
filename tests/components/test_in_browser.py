"""The components in a real Chromium: clicks, keys, what reaches Python, and that data stays text."""

# ruff: noqa: E501, RUF001 (a script for the browser; the pager writes an en dash)
from typing import Any

import pytest

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=\"window.broken='yes'\">"
SYSTEM_COLOURS = """() => Object.fromEntries(["Highlight", "HighlightText", "GrayText", "CanvasText"].map((name) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = name;
  const color = getComputedStyle(probe).color;
  probe.remove();
  return [name, color];
}))"""
DESCRIPTION = "node => document.getElementById(node.getAttribute('aria-describedby')).textContent"


def test_page_draws_without_complaints_or_outside_requests_and_data_stays_text(shown: Any) -> None:
    page = shown.page
    page.wait_for_selector("#comparison .main-svg")
    parts = (
        "cards",
        "layers",
        "figures",
        "marked",
        "framed",
        "histogram",
        "said",
        "links",
        "choice",
        "tradeoff",
        "rows",
    )
    for part in (f"#{name}" for name in parts):
        page.wait_for_function(
            "([part, text]) => document.querySelector(part).textContent.includes(text)", arg=[part, EVIL]
        )
    page.wait_for_function("document.querySelector('[data-testid=live-log]').textContent.includes('onerror')")
    assert EVIL in page.locator(".ui-notice").first.inner_text()
    assert page.evaluate("window.broken") is None
    assert page.locator("img[onerror]").count() == 0
    assert shown.complaints == []


@pytest.mark.parametrize("fresh", [390, 1280], indirect=True)
def test_no_sideways_scrolling_and_readable_text(fresh: Any) -> None:
    for dark in (False, True):
        fresh.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        fresh.page.wait_for_function(
            "dark => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true), 300)))", arg=dark
        )
        assert fresh.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert fresh.page.evaluate(CONTRAST) == []


def test_a_long_text_beside_many_columns_stays_readable(shown: Any) -> None:
    cell = '<td><span class="ui-clamp {}">{}</span></td>'
    row = cell.format("ui-clamp-long", "a long text " * 9) + cell.format("", "B0000024") * 12
    table = f'<div class="ui-table-scroll" style="width: 600px"><table class="ui-table"><tr>{row}</tr></table></div>'
    width = """html => {
      const place = document.body.appendChild(document.createElement("div"));
      place.innerHTML = html;
      const found = place.querySelector(".ui-clamp-long").offsetWidth;
      place.remove();
      return found;
    }"""
    assert shown.page.evaluate(width, table) > 150


def test_stepper_selects_open_steps_only(shown: Any) -> None:
    page = shown.page
    assert page.locator("[aria-current=step]").inner_text().endswith("Strategy")
    page.get_by_test_id("step-data").click()
    shown.heard('{"from": "stepper", "key": "data"}')
    locked = page.get_by_test_id("step-test")
    assert locked.get_attribute("aria-disabled") == "true" and locked.get_attribute("title") == "Train a model first."
    locked.dispatch_event("click")
    page.get_by_test_id("step-runs").press("Enter")
    shown.heard('"key": "runs"')


@pytest.mark.parametrize(("fresh", "said"), [(390, "CPU"), (1280, "CPU · 2 cores")], indirect=["fresh"])
def test_the_machine_is_said_whole_or_in_few_letters_and_never_cut(fresh: Any, said: str) -> None:
    seen = """() => [...document.querySelectorAll(".ui-machine > span")].filter((part) => part.offsetWidth > 1)
      .map((part) => [part.textContent, part.scrollWidth <= part.clientWidth])"""
    assert fresh.page.evaluate(seen) == [[said, True]]


def test_a_long_file_name_can_break_at_its_joints_and_is_whole_in_its_title(shown: Any) -> None:
    cell = shown.page.locator("#rows .ui-clamp[title*=customers]")
    assert cell.inner_html() == "customers_<wbr>export_<wbr>of_<wbr>last_<wbr>week.csv"
    assert cell.get_attribute("title") == cell.text_content() == "customers_export_of_last_week.csv"


def test_stepper_keeps_what_is_newer_than_a_late_answer(shown: Any) -> None:
    shown.page.click("#late")
    shown.heard("late")
    assert shown.page.locator("[aria-current=step]").inner_text().endswith("Strategy")


def test_the_chosen_colours_are_kept_over_a_reload(shown: Any) -> None:
    page = shown.page
    assert not page.evaluate("document.body.classList.contains('dark')")
    page.get_by_test_id("theme-toggle").click()
    page.wait_for_function("document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_selector("[data-testid=theme-toggle]")
    assert page.evaluate("document.body.classList.contains('dark')")
    assert page.get_by_test_id("theme-toggle").get_attribute("aria-label") == "Switch to light colours"
    page.get_by_test_id("theme-toggle").click()
    page.wait_for_function("!document.body.classList.contains('dark')")


def test_cards_are_a_radio_group_for_keys_and_clicks(shown: Any) -> None:
    page = shown.page
    page.get_by_test_id("card-distil").click()
    shown.heard('{"from": "cards", "key": "distil"}')
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.testid") == "card-big"
    page.keyboard.press("Enter")
    assert page.get_by_test_id("card-big").get_attribute("aria-checked") == "false"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    shown.heard('"key": "minilm"')
    assert page.get_by_test_id("card-minilm").get_attribute("aria-checked") == "true"
    assert page.evaluate("document.activeElement.dataset.testid") == "card-minilm"
    page.evaluate("scrollTo(0, 0)")
    page.get_by_test_id("card-distil").press("Enter")
    page.wait_for_function("document.querySelector('#heard').getBoundingClientRect().top <= innerHeight - 240")


def test_a_term_explains_itself_to_pointer_keys_and_finger(fresh: Any) -> None:
    page, tip = fresh.page, fresh.page.locator(".ui-tip")
    loss = page.locator("#words h3 + p .ui-term", has_text="loss")
    loss.scroll_into_view_if_needed()
    assert loss.evaluate(DESCRIPTION).startswith("How wrong it is.")  # to a screen reader
    loss.hover()
    tip.wait_for(state="visible")
    assert tip.inner_text() == f"How wrong it is. {EVIL}"
    tip.hover()  # the pointer may go there: nothing is lost
    page.wait_for_timeout(400)
    assert tip.is_visible()
    page.mouse.move(2, 2)
    tip.wait_for(state="hidden")
    loss.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    tip.wait_for(state="visible")
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    assert loss.evaluate("word => word === document.activeElement")
    page.keyboard.press("Tab")
    tip.wait_for(state="visible")
    assert tip.inner_text() == "One pass over all examples."
    page.get_by_role("button", name="Passes over the data (epochs): what does this mean?").dispatch_event("click")
    assert tip.inner_text() == "One pass over all examples."


def test_what_is_chosen_and_focused_is_seen_in_forced_colours(fresh: Any) -> None:
    page = fresh.page
    page.emulate_media(forced_colors="active", color_scheme="dark")
    page.wait_for_function("matchMedia('(forced-colors: active)').matches")
    system = page.evaluate(SYSTEM_COLOURS)

    def style(selector: str, *names: str) -> list[str]:
        return page.locator(selector).first.evaluate(
            "(node, names) => names.map((name) => getComputedStyle(node)[name])", list(names)
        )

    assert style(".ui-card[aria-checked=true]", "outlineStyle", "outlineColor") == ["solid", system["Highlight"]]
    assert style(".ui-card:not([aria-checked=true])", "outlineStyle") == ["none"]
    assert style(".ui-stepper [aria-current]", "backgroundColor", "color") == [
        system["Highlight"],
        system["HighlightText"],
    ]
    assert style(".ui-stepper [aria-disabled=true]", "color") == [system["GrayText"]]
    for borders in (".ui-badge", ".ui-stat", ".ui-layer", ".ui-split-handle", ".ui-matrix td button", ".ui-term-mark"):
        width, line, colour, ground = style(
            borders, "borderTopWidth", "borderTopStyle", "borderTopColor", "backgroundColor"
        )
        assert width != "0px" and line != "none" and colour != ground, borders
    fills = [style(part, "backgroundColor") for part in (".ui-bar-value", ".ui-bar-other", ".ui-split-train")]
    assert fills[0] == fills[2] == [system["Highlight"]] and fills[1] == [system["CanvasText"]]
    chosen = page.get_by_test_id("card-minilm")
    chosen.focus()
    page.keyboard.press("ArrowRight")
    focused = "[role=radio]:focus"
    assert style(focused, "outlineStyle", "outlineColor") == ["solid", system["Highlight"]]
    page.evaluate("document.body.classList.toggle('dark')")  # charts are drawn anew
    page.wait_for_function(
        "color => document.querySelector('#comparison .js-plotly-plot').data[0].line.color === color",
        arg=system["Highlight"],
    )


def test_a_choice_table_unfolds_sorts_finds_and_chooses(shown: Any) -> None:
    page, table = shown.page, shown.page.locator("#choice")

    def names() -> list[str]:
        return table.locator("tbody .ui-choice-name b").all_inner_texts()

    assert names() == ["Alpha", "Gamma"]
    assert table.get_by_test_id("choice-a").get_attribute("aria-pressed") == "true"
    table.get_by_role("button", name="Show 1 more: One").press("Enter")
    assert names() == ["Alpha", "Beta", "Gamma"]
    assert page.evaluate("document.activeElement.dataset.focus") == "fold-One"
    table.get_by_test_id("choice-c").dispatch_event("click")  # not to be had
    table.get_by_test_id("choice-b").press("Enter")
    shown.heard('{"from": "choice", "key": "b"}')
    assert table.get_by_test_id("choice-b").get_attribute("aria-pressed") == "true"
    time = table.get_by_role("button", name="Time")
    time.click()
    assert names() == ["Beta", "Alpha", "Gamma"] and table.locator("th[aria-sort=ascending]").inner_text() == "Time ↑"
    time.click()
    assert names() == ["Alpha", "Beta", "Gamma"]  # what has no time stays last
    table.get_by_label("Find a way").fill("one quick")
    assert names() == ["Beta"] and table.get_by_role("status").inner_text() == "1 found"
    table.get_by_label("Find a way").fill("")
    table.get_by_role("button", name="In groups").click()
    assert table.locator(".ui-choice-group").count() == 2


def test_split_slider_moves_by_keys_and_pointer_and_adds_up(shown: Any) -> None:
    page = shown.page
    handle = page.locator("#split").get_by_test_id("split-handle-0")
    handle.press("ArrowLeft")
    shown.heard('{"from": "split", "test": 0.1, "train": 0.79, "validation": 0.11}')
    handle.press("End")
    shown.heard('"train": 0.89, "validation": 0.01')
    assert "about" in page.locator("#split").get_by_test_id("split-rows-train").inner_text()
    box = page.locator("#split .ui-split-bar").bounding_box()
    last = page.locator("#split").get_by_test_id("split-handle-1").bounding_box()
    page.mouse.move(last["x"] + 12, last["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 4, steps=4)
    page.mouse.up()
    shown.heard('{"from": "split", "test": 0.05, "train": 0.89, "validation": 0.06}')
    assert page.locator("#split").get_by_test_id("split-handle-1").get_attribute("aria-valuetext") == (
        "train 89%, validation 6%, test 5%"
    )


def test_cells_of_a_matrix_are_chosen_by_mouse_and_keys(shown: Any) -> None:
    page = shown.page
    page.locator("#figures [data-focus='0:0-1']").click()
    shown.heard('{"from": "figures", "mark": "negative > neutral"}')
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    shown.heard('"mark": "neutral > neutral"')
    assert page.locator("#figures [aria-pressed=true]").count() == 1
    page.locator("#figures [data-focus='0:0-3']").click(force=True)  # an empty cell
    assert page.locator("#figures [aria-pressed=true]").get_attribute("data-mark") == "neutral > neutral"
    assert page.locator("#many td button").count() == 77 * 77
    assert "No results yet." in page.locator("#no-figures").inner_text()


def test_every_figure_is_one_stop_of_the_tab_key(shown: Any) -> None:
    stops = "figure => figure.querySelectorAll('[data-at][tabindex=\"0\"]').length"
    assert shown.page.locator("#figures .ui-figure").evaluate_all(f"figures => figures.map({stops})") == [1] * 5 + [0]


@pytest.mark.parametrize(
    ("at", "key", "mark"),
    [
        ("1:0-0", "ArrowDown", "missed negative"),
        ("2:0-0", "ArrowDown", 'missed"'),
        ("3:0-1", "ArrowRight", "off by 2"),
        ("4:0-0", "", "row "),
    ],
    ids=["rows", "bars", "columns", "points"],
)
def test_items_of_every_figure_are_chosen_by_keys(shown: Any, at: str, key: str, mark: str) -> None:
    shown.page.locator(f"#figures [data-focus='{at}']").focus()
    if key:
        shown.page.keyboard.press(key)
    shown.page.keyboard.press("Enter")
    shown.heard(f'"mark": "{mark}')


def test_a_row_can_be_clicked_anywhere_and_one_without_a_mark_cannot(shown: Any) -> None:
    rows = shown.page.locator("#figures .ui-figure:nth-child(2) tbody tr")
    rows.nth(1).locator("td").click()
    shown.heard('"mark": "missed negative"')
    assert rows.nth(2).locator("button").count() == 0 and rows.nth(2).get_attribute("data-mark") is None


def test_points_lie_where_their_numbers_are(shown: Any) -> None:
    """On a plane with equal axes, so that the diagonal is where both numbers are the same."""
    places = shown.page.locator("#figures .ui-point").evaluate_all(
        """points => points.map((point) => {
          const [x, y] = point.getAttribute('aria-label').match(/-?[\\d.]+/g).map(Number);
          return [x, parseFloat(point.style.left), y, parseFloat(point.style.bottom)];
        })"""
    )
    (x0, left0, _, _), (x1, left1, _, _) = places[0], places[-1]
    per_unit = (left1 - left0) / (x1 - x0)
    assert len(places) == 120 and per_unit > 5
    line = shown.page.locator("#figures .ui-points-diagonal").evaluate(
        "plane => getComputedStyle(plane).backgroundImage"
    )
    assert "to right bottom" in line or "to bottom right" in line  # its colours change across the line that is drawn
    for x, left, y, bottom in places:
        assert abs((bottom - left) - per_unit * (y - x)) < 0.2


def test_frames_are_hidden_below_the_score_that_is_asked_for(shown: Any) -> None:
    framed = shown.page.locator("#framed")

    def seen() -> list[str]:
        return framed.locator(".ui-frame-label:visible").all_inner_texts()

    assert seen() == [f"{EVIL} 93%", "cat"]
    framed.get_by_label("30%").check()
    assert seen() == [f"{EVIL} 93%", "cat 41%", "cat"]
    framed.get_by_label("30%").press("ArrowLeft")
    framed.get_by_label("all").press("ArrowLeft")  # round to the last one
    assert framed.get_by_label("90%").is_checked() and seen() == [f"{EVIL} 93%", "cat"]
    box, image = framed.locator("rect.ui-frame").first.bounding_box(), framed.locator("img").bounding_box()
    assert abs(box["x"] - image["x"] - image["width"] / 8) < 3 and abs(box["width"] - image["width"] * 3 / 8) < 4


def test_paged_table_pages_filters_and_selects(shown: Any) -> None:
    page, rows = shown.page, shown.page.locator("#rows")
    assert rows.locator(".ui-pager-where").inner_text() == "1–20 of 200,000"
    rows.get_by_label("Next page").click()
    page.wait_for_function("document.querySelector('#rows .ui-pager-where').textContent === '21–40 of 200,000'")
    rows.get_by_label("Last page").click()
    page.wait_for_function("document.querySelector('#rows .ui-pager-where').textContent.startsWith('199,981')")
    rows.locator("tbody tr").first.click()
    shown.heard('"from": "rows", "row"')
    rows.get_by_label("Find in these rows").nth(0).fill("x")
    page.wait_for_function("document.querySelector('#rows .ui-pager-where').textContent === '1–3 of 3'")
    assert page.locator("#gallery .ui-gallery-item").count() == 12
    assert "Nothing to show yet." in page.locator("#nothing").inner_text()


def test_a_page_that_is_not_complete_is_asked_for_again(shown: Any) -> None:
    shown.page.wait_for_function("Number(document.querySelector('#reading tbody td').textContent) >= 3")


def test_values_from_python_are_drawn(fresh: Any) -> None:
    page = fresh.page
    page.locator("#other").click()
    page.wait_for_function("document.querySelectorAll('#figures td button').length === 4")
    page.wait_for_function(
        "document.querySelector('[data-testid=card-distil]').getAttribute('aria-checked') === 'true'"
    )
    page.wait_for_function("document.querySelector('#split [data-testid=split-rows-train]').textContent === '6 images'")
    page.wait_for_function("document.querySelectorAll('#rows thead th').length === 3")
    assert page.locator("#figures [aria-pressed=true]").get_attribute("data-mark") == "a > b"


def test_a_form_draws_what_depends_and_folds(shown: Any) -> None:
    page = shown.page
    heading, optimizer = page.locator("#form .ui-fold-button"), page.locator("#form-optimizer select")
    assert EVIL in heading.inner_text() and not optimizer.is_visible()
    heading.focus()
    page.keyboard.press("Enter")
    assert optimizer.is_visible() and page.locator("#form .ui-form-below i").is_visible()
    assert page.get_by_label("Optimizer").input_value() == "adamw" and page.locator("#form-momentum").count() == 0
    page.locator("#put").click()
    assert page.wait_for_selector("#form-momentum input").input_value() == "0.9"
    assert optimizer.input_value() == "sgd" and heading.get_attribute("aria-expanded") == "true"
    optimizer.select_option("adamw")
    shown.heard('{"from": "form", "group": "rest", "name": "optimizer", "value": "adamw"}')
    page.locator("#form-early input").uncheck()
    shown.heard('{"from": "form", "group": "rest", "name": "early", "value": false}')


def test_a_form_says_what_was_changed_and_keeps_what_is_being_typed(shown: Any) -> None:
    page = shown.page
    epochs, rate = page.locator("#form-epochs input"), page.locator("#form-learning_rate input")
    epochs.fill("5")
    epochs.press("Enter")
    shown.heard('{"from": "form", "group": "main", "name": "epochs", "value": "5"}')
    rate.fill("2e-")
    page.evaluate("document.querySelector('#put').click()")
    page.wait_for_function("document.querySelector('#form-epochs input').value === '8'")
    assert rate.input_value() == "2e-" and page.evaluate("document.activeElement.id") == "form-learning_rate-control"
    rate.press("End")
    rate.type("4")
    page.keyboard.press("Tab")
    shown.heard('{"from": "form", "group": "main", "name": "learning_rate", "value": "2e-4"}')


CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const channel = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== 'none') return null;
      const [r, g, b, a = 1] = parse(style.backgroundColor);
      if (a > 0.99) return [r, g, b];
      if (a > 0.01) return null;
    }
    return parse(getComputedStyle(document.body).backgroundColor);
  };
  const found = new Set();
  for (const node of document.querySelectorAll('[class*="ui-"], [class*="ui-"] *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.offsetParent || node.disabled || node.closest('svg, .ui-cell-empty, .ui-sr-only')) continue;
    const back = ground(node);
    if (!back) continue;
    const ink = parse(getComputedStyle(node).color);
    const ratio = (Math.max(light(ink), light(back)) + 0.05) / (Math.min(light(ink), light(back)) + 0.05);
    if (ratio < 4.5) found.add(`${node.className || node.tagName} ${ratio.toFixed(2)} ${node.textContent.slice(0, 20)}`);
  }
  return [...found];
}"""
