"""Reads a report as a browser would: every tag closed, every address listed."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "line", "polyline", "hr", "img", "input"}


class Page(HTMLParser):
    """What a page holds."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.addresses, self.tags, self.headings, self.text = [], [], [], [], []
        self.attributes = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        self.attributes.append((tag, given))
        self.addresses += [given[k] for k in ("href", "src", "xlink:href", "srcset") if k in given]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def read(text):
    """Return the page after checking that it is whole."""
    page = Page(text)
    assert page.open == []
    return page
