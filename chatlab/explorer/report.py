"""The timeline (being built)."""


def text(title, source, events, failure, width=100, short=False):
    return "\n".join([title, *(f"{event.thread:12} {event.line or '':>4} {event.text} {event.value}" for event in events)])
