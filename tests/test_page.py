"""The page of a graph and the report, in a real browser: what a person does, and what is then to be seen."""

import gzip
import itertools
import json
import re

import numpy as np
import pytest
from browser import browser, fetched
from causaldisc.cli.main import main

from causaldisc.data import shipped
from causaldisc.graph import formats
from causaldisc.graph.explanation import explain

SIZES = {"sachs": ["pc"], "alarm": ["pc", "--test", "chisq"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Graphs of 11, 37 and 200 nodes, their pages, and a report."""
    place = tmp_path_factory.mktemp("pages")
    for name, command in SIZES.items():
        data = place / f"{name}.csv"
        data.write_bytes(gzip.decompress(shipped.path(name).read_bytes()))
        report = ["--report", str(place / f"{name}.report.html")]
        assert main([*command, str(data), "-q", "-o", str(place / f"{name}.json"), *report]) == 0
    many = ["simulate", "dag", "--nodes", "200", "--rows", "10", "--truth", str(place / "many.json"), "-q"]
    assert main([*many, "-o", str(place / "many.csv")]) == 0
    for name in (*SIZES, "many"):
        assert main(["show", str(place / f"{name}.json"), "--html", "-o", str(place / f"{name}.html")]) == 0
    return place


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def page(driver, folder):
    """Give a function that opens a page, and checks at the end that it ran clean and fetched nothing."""

    def opened(name):
        fetched(driver)
        driver.get(f"file://{folder / name}")
        assert driver.execute_script("return document.documentElement.dataset.ready") == "true"
        return driver

    yield opened
    assert [entry for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    assert {address.split(":")[0] for address in fetched(driver)} <= {"file"}


def css(driver, selector):
    from selenium.webdriver.common.by import By

    return driver.find_elements(By.CSS_SELECTOR, selector)


def number_of(driver, name):
    """Return the number of a node."""
    return driver.execute_script(
        "return JSON.parse(document.getElementById('graph').textContent).nodes.findIndex(n => n.name === arguments[0])",
        name,
    )


def on_line(driver, number):
    """Return a point of the screen that only the line of this number is at."""
    return driver.execute_script(
        """
        const line = document.querySelector(`.edge[data-line="${arguments[0]}"] .line`), all = line.getTotalLength();
        for (let k = 1; k < 40; k++) {
          const p = line.getPointAtLength(all * k / 40), m = line.getScreenCTM();
          const x = m.a * p.x + m.e, y = m.d * p.y + m.f, hit = document.elementFromPoint(x, y);
          if (hit && hit.closest(`.edge[data-line="${arguments[0]}"]`)) return [x, y];
        }
        return null;""",
        number,
    )


def click_at(driver, x, y):
    from selenium.webdriver.common.action_chains import ActionChains

    chain = ActionChains(driver)
    chain.w3c_actions.pointer_action.move_to_location(round(x), round(y)).click()
    chain.perform()


def keys(driver, *pressed):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).send_keys(*pressed).perform()


def panel(driver):
    return css(driver, "#panel")[0].text


def transform(driver):
    return css(driver, "#scene")[0].get_attribute("transform")


def lines_of(driver):
    return json.loads(driver.execute_script("return document.getElementById('graph').textContent"))["lines"]


def test_a_click_on_each_edge_tells_its_evidence(page, folder):
    driver = page("sachs.html")
    result = formats.read(str(folder / "sachs.json"))
    lines = lines_of(driver)
    assert len(lines) == result.graph.edge_count()
    for number, line in enumerate(lines):
        x, y = on_line(driver, number)
        click_at(driver, x, y)
        told = panel(driver)
        x, y = (result.graph.names[line[end]] for end in ("source", "target"))
        (edge,) = explain(result, x, y).edges
        assert told.split("\n")[0] == edge.edge
        for reason in (*edge.reasons, *edge.notes):
            assert reason in told
        assert f"{edge.attributes['n']}" in told
        assert "lit" in css(driver, f'.edge[data-line="{number}"]')[0].get_attribute("class")


def test_a_click_on_a_node_tells_causes_and_effects_and_a_second_why_they_are_apart(page, folder):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    driver = page("sachs.html")
    result = formats.read(str(folder / "sachs.json"))
    nodes = {name: css(driver, f'.node[data-node="{number_of(driver, name)}"] rect')[0] for name in ("PIP2", "PKC")}
    nodes["PIP2"].click()
    assert "caused by" in panel(driver)
    assert "plcg" in panel(driver)
    assert len(css(driver, ".node.lit")) == 1 + len(result.graph.adjacencies(result.graph.index("PIP2")))
    ActionChains(driver).key_down(Keys.SHIFT).click(nodes["PKC"]).key_up(Keys.SHIFT).perform()
    found = explain(result, "PIP2", "PKC").separation
    assert found is not None
    told = panel(driver).replace("\n", " ")
    assert "are not adjacent" in told
    assert f"independent given {', '.join(found.given) or 'nothing'}" in told
    assert f"{found.n} rows" in told


def test_ancestors_light_up(page, folder):
    driver = page("alarm.html")
    graph = formats.read(str(folder / "alarm.json")).graph
    wanted, waiting = set(), [graph.index("HRBP")]
    while waiting:
        v = waiting.pop()
        wanted.add(v)
        waiting += [u for u in graph.parents(v) if u not in wanted]
    css(driver, f'.node[data-node="{graph.index("HRBP")}"] rect')[0].click()
    keys(driver, "c")
    lit = {int(node.get_attribute("data-node")) for node in css(driver, ".node.lit")}
    assert lit == wanted
    assert len(lit) > 3


def test_search_finds_and_enter_goes_on(page):
    from selenium.webdriver.common.keys import Keys

    driver = page("alarm.html")
    keys(driver, "/")
    keys(driver, "volu")
    assert css(driver, "#hits")[0].text == "2 found"
    keys(driver, Keys.ENTER)
    first = panel(driver).split("\n")[0]
    keys(driver, Keys.ENTER)
    assert {first, panel(driver).split("\n")[0]} == {"LVEDVOLUME", "STROKEVOLUME"}
    keys(driver, Keys.ESCAPE)
    assert css(driver, ".node.found") == []


def test_the_filter_keeps_the_strongest_edges(page, folder):
    from selenium.webdriver.common.keys import Keys

    driver = page("alarm.html")
    slider = css(driver, "#bound")[0]
    slider.send_keys(*[Keys.ARROW_RIGHT] * 10)
    p_values = sorted({e.attributes["p_value"] for e in formats.read(str(folder / "alarm.json")).graph.edges()})
    limit = p_values[-11]
    kept = [line["edges"][0]["attributes"]["p_value"] <= limit for line in lines_of(driver)]
    shown = [edge.is_displayed() for edge in css(driver, ".edge .line")]
    assert shown == kept
    assert css(driver, "#kept")[0].text.endswith(f"{sum(kept)} of {len(kept)}")
    slider.send_keys(Keys.HOME)
    assert css(driver, ".edge.filtered") == []


def test_keys_move_zoom_and_go_from_edge_to_edge(page):
    from selenium.webdriver.common.keys import Keys

    driver = page("alarm.html")
    before = transform(driver)
    for pressed in (Keys.ARROW_LEFT, "+", Keys.ARROW_DOWN, "-"):
        keys(driver, pressed)
        assert transform(driver) != before
        before = transform(driver)
    keys(driver, "n")
    first = panel(driver)
    keys(driver, "n")
    assert panel(driver) != first
    keys(driver, "p")
    assert panel(driver) == first
    keys(driver, Keys.ESCAPE)
    assert "37 nodes, 46 edges" in panel(driver)
    assert css(driver, ".lit") == []


def test_dragging_moves_and_the_wheel_zooms_where_the_pointer_is(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    driver = page("sachs.html")
    canvas = css(driver, "#drawing")[0]
    where = "const m = document.getElementById('scene').getCTM(); return [m.a, m.e, m.f]"
    scale, x, y = driver.execute_script(where)
    ActionChains(driver).drag_and_drop_by_offset(canvas, 60, -40).perform()
    assert np.allclose(driver.execute_script(where), [scale, x + 60, y - 40], atol=6)
    assert "11 nodes" in panel(driver)  # a drag is no click
    scale, x, y = driver.execute_script(where)
    ActionChains(driver).scroll_from_origin(ScrollOrigin.from_element(canvas), 0, -300).perform()
    larger, left, top = driver.execute_script(where)
    middle = [canvas.size["width"] / 2, canvas.size["height"] / 2]
    assert larger > 1.3 * scale
    assert np.allclose((middle[0] - x) / scale, (middle[0] - left) / larger, atol=2)
    assert np.allclose((middle[1] - y) / scale, (middle[1] - top) / larger, atol=2)


def test_there_is_a_dark_dress(page):
    driver = page("sachs.html")
    colour = "return getComputedStyle(document.body).backgroundColor"
    seen = {driver.execute_script(colour)}
    css(driver, "#theme")[0].click()
    seen.add(driver.execute_script(colour))
    assert len(seen) == 2


@pytest.mark.parametrize("name", ["sachs", "alarm", "many"])
def test_no_label_overlaps_another_or_leaves_its_box(page, name):
    driver = page(f"{name}.html")
    boxes, texts = driver.execute_script(
        """
        const of = (e) => { const b = e.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; };
        return ["rect", "text"].map((kind) => [...document.querySelectorAll(`.node ${kind}`)].map(of));"""
    )
    assert len(boxes) == {"sachs": 11, "alarm": 37, "many": 200}[name]
    for box, text in zip(boxes, texts, strict=True):
        assert box[0] <= text[0]
        assert box[1] <= text[1]
        assert box[2] >= text[2]
        assert box[3] >= text[3]
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]


def test_a_row_of_a_report_chooses_its_edge(page, folder):
    driver = page("sachs.report.html")
    rows = css(driver, "tr[data-line]")
    assert len(rows) == formats.read(str(folder / "sachs.json")).graph.edge_count()
    rows[4].click()
    assert css(driver, f'.edge.lit[data-line="{rows[4].get_attribute("data-line")}"]')
    assert panel(driver).split("\n")[0].split() == rows[4].text.split()[:3]
    assert "8 warnings" not in panel(driver)  # they have a section of their own
    body = css(driver, "body")[0].text
    for heading in ("Edges", "Warnings", "Data", "How to repeat it"):
        assert heading in body
    assert f"causaldisc pc {folder / 'sachs.csv'}" in body


def test_the_whole_drawing_is_printed_wherever_the_view_is(page):
    driver = page("alarm.report.html")
    css(driver, "#in")[0].click()
    before = transform(driver)
    view = "return document.getElementById('drawing').getAttribute('viewBox')"
    driver.execute_script(
        "addEventListener('beforeprint', () => { window.printed = document.getElementById('drawing').outerHTML; })"
    )
    driver.print_page()
    printed = driver.execute_script("return window.printed")
    assert re.search(r"<svg [^>]*viewBox=", printed)
    assert "transform=" not in printed.split("<path")[0]
    assert (transform(driver), driver.execute_script(view)) == (before, None)


def test_without_scripts_the_drawing_and_the_table_are_there(folder, tmp_path):
    text = (
        (folder / "sachs.html").read_text(encoding="utf-8").replace("script-src 'unsafe-inline'", "script-src 'none'")
    )
    (tmp_path / "still.html").write_text(text, encoding="utf-8")
    with browser(tmp_path / "profile") as driver:
        driver.get(f"file://{tmp_path / 'still.html'}")
        left, top, right, bottom = driver.execute_script(
            """
            const b = document.getElementById('scene').getBoundingClientRect();
            return [b.left, b.top, b.right, b.bottom];"""
        )
        assert 0 <= left < right <= 1400
        assert 0 <= top < bottom <= 900
        assert len(css(driver, "tr[data-line]")) == 25
