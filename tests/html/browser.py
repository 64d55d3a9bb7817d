# SPDX-License-Identifier: MIT OR Apache-2.0
"""browser.py CHROMIUM DIRECTORY [SCREENSHOTS]: the site as a browser sees it. No page complains,
nothing is wider than a phone, text can be read in light and dark, the search box
filters, and without scripts the list is whole. With a third argument screenshots go there."""
import os
import pathlib
import sys
import tempfile

from chromium import Chromium

SHOWN = "Array.from(document.querySelectorAll('#symbols > li'))" \
        ".filter(item => item.getClientRects().length > 0)" \
        ".map(item => item.querySelector('code').textContent)"
FOCUS = "document.querySelector('input').focus()"
OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# How far text and ground are apart, by the formula of WCAG 2.
CONTRAST = """(() => {
        const light = (color) => color.match(/[0-9.]+/g).slice(0, 3).map((part) => {
                const share = part / 255;
                return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        }).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = light(getComputedStyle(document.body).backgroundColor);
        return Math.min(...['main', 'main a', '.lead', '.comment', '.string', 'th', '.foot'].map((name) => {
                const element = document.querySelector(name);
                if (!element)
                        return 21;
                const text = light(getComputedStyle(element).color);
                return (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
        }));
})()"""

failures = []


def expect(fact, message):
    if not fact:
        failures.append(message)
        print(f"FAIL: {message}")


def check_pages(browser, site, names):
    for name in names:
        for complaint in browser.visit(site + name):
            expect(False, f"{name}: {complaint}")
        for width, dark in ((400, False), (1280, True)):
            browser.screen(width, 900, dark)
            over = browser.run(OVERHANG)
            expect(over <= 0, f"{name}: {over} pixels wider than a screen of {width}")
            contrast = browser.run(CONTRAST)
            expect(contrast >= 4.5, f"{name}: contrast {contrast:.1f}, dark: {dark}")


def check_search(browser, site):
    page = site + "symbols.html"
    expect(browser.visit(page) == [], "symbols.html complains")
    everything = browser.run(SHOWN)
    expect(len(everything) > 100, f"only {len(everything)} symbols")
    browser.run(FOCUS)
    browser.type("durable")
    shown = browser.run(SHOWN)
    expect("rmmap_write_range_durable" in shown and 0 < len(shown) < len(everything) / 2,
           f"'durable' leaves {len(shown)} of {len(everything)}")
    expect(browser.run("document.getElementById('found').textContent")
           .startswith(f"{len(shown)} of {len(everything)} names"), "the count is wrong")
    browser.type(" write")  # at the end: both words must occur
    both = browser.run(SHOWN)
    expect("rmmap_write_range_durable" in both and len(both) <= len(shown), "two words")
    browser.run("document.querySelector('input').select()")
    browser.type("no such name")
    expect(browser.run(SHOWN) == [], "nonsense leaves something")
    browser.run("document.querySelector('input').select()")
    browser.type("rmmap_flush")
    browser.press_enter()
    browser.run("1")
    expect(wait_for(browser, "rmmap_flush.3.html#rmmap_flush"), "Enter doesn't lead to the page")
    # From the box of another page, by its form.
    browser.visit(site + "index.html")
    browser.run(FOCUS)
    browser.type("rmmap_fact_")
    browser.press_enter()
    expect(wait_for(browser, "symbols.html?q=rmmap_fact_"), "the form leads elsewhere")
    facts = browser.run(SHOWN)
    expect(facts == [name for name in everything if name.startswith("RMMAP_FACT_")],
           f"q=rmmap_fact_ gives {facts}")
    browser.without_scripts(True)
    browser.visit(page + "?q=nothing")
    browser.without_scripts(False)
    expect(browser.run(SHOWN) == everything, "without scripts the list isn't whole")


def wait_for(browser, ending):
    for _ in range(200):
        try:
            if browser.run("document.readyState == 'complete' && location.href").endswith(ending):
                return True
        except (RuntimeError, AttributeError):
            pass  # between two pages
        browser.call("Browser.getVersion")
    return False


def take_screenshots(browser, site, names, directory):
    for name in names:
        for width, height in ((1280, 900), (400, 850)):
            for dark in (False, True):
                browser.screen(width, height, dark)
                browser.visit(site + name)
                shade = "dark" if dark else "light"
                file = name.partition("#")[0][:-len(".html")]
                browser.screenshot(os.path.join(directory, f"{file}-{width}-{shade}.png"))


def main():
    program, directory, *screenshots = sys.argv[1:]
    names = sorted(name for name in os.listdir(directory) if name.endswith(".html"))
    site = pathlib.Path(directory).resolve().as_uri() + "/"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Chromium(program, profile)
        try:
            check_pages(browser, site, names)
            check_search(browser, site)
            for place in screenshots:
                os.makedirs(place, exist_ok=True)
                take_screenshots(browser, site, names, place)
        finally:
            browser.close()
    print(f"{len(names)} pages, {len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())
