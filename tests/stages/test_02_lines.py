"""Stage 02: TCP carries a stream of bytes, not messages: framing.

Each check runs on all later stages too. There the listener is another client; in the stages that answer the speaker
itself, server.pair() gives the same peer twice.
"""

from chatlab.checks import check

TOO_LONG = "error: line longer than 4096 bytes"
NOT_UTF8 = "error: line is not UTF-8"


@check(points=1, until=10)
def test_a_line(server):
    """A line gets its answer."""
    ann, listener = server.pair()
    ann.says("hello")
    listener.hears_from(ann, "hello")


@check(points=1, needs="a_line", until=10)
def test_seven_segments(server):
    """A line that comes in seven pieces is one line."""
    ann, listener = server.pair()
    ann.sends(b"o", b"ne ", b"li", b"ne", b", whole", b"!", b"\n")
    listener.hears_from(ann, "one line, whole!")


@check(points=1, needs="a_line", until=10)
def test_three_in_one(server):
    """Three lines that come in one piece are three lines."""
    ann, listener = server.pair()
    ann.said += ["one", "two", "three"]
    ann.sends(b"one\ntwo\nthree\n")
    listener.hears_from(ann, "one", "two", "three")


@check(needs="a_line", until=10)
def test_one_and_a_half(server):
    """The beginning of a line that comes with the line before is kept."""
    ann, listener = server.pair()
    ann.said += ["one", "two"]
    ann.sends(b"one\ntw", b"o\n")
    listener.hears_from(ann, "one", "two")


@check(points=1, needs="a_line", until=10)
def test_cut_letter(server):
    """A Cyrillic letter cut in the middle arrives whole."""
    ann, listener = server.pair()
    letter = "п".encode()
    ann.sends(letter[:1], letter[1:] + "ривет\n".encode())
    listener.hears_from(ann, "привет")


@check(needs="cut_letter", until=10)
def test_cut_emoji(server):
    """An emoji cut into its four bytes arrives whole."""
    ann, listener = server.pair()
    ann.sends(*[bytes([byte]) for byte in "🙂".encode()], b"\n")
    listener.hears_from(ann, "🙂")


@check(points=1, needs="a_line", until=10)
def test_carriage_return(server):
    r"""A line that ends in \r\n is the same line."""
    ann, listener = server.pair()
    ann.sends(b"hello\r\n")
    listener.hears_from(ann, "hello")
    ann.sends(b"split\r", b"\n")
    listener.hears_from(ann, "split")


@check(needs="a_line", until=10)
def test_empty_line(server):
    """An empty line is a line, and not a goodbye."""
    ann, listener = server.pair()
    ann.says("", "after it")
    listener.hears_from(ann, "", "after it")


@check(needs="a_line", until=10)
def test_blanks(server):
    """The blanks at the ends of a line belong to it."""
    ann, listener = server.pair()
    ann.says("  two before and one after ", "\ta tab", " ")
    listener.hears_from(ann, "  two before and one after ", "\ta tab", " ")


@check(needs="a_line", until=10)
def test_other_ends(server):
    r"""Nothing but \n ends a line: not \r in the middle of it, nor what str.splitlines takes for an end."""
    ann, listener = server.pair()
    for line in ("one\rtwo", "one\x0btwo", "one\u2028two", "one\r"):
        ann.says(line + "\r" if line.endswith("\r") else line)
        listener.hears_from(ann, line)


@check(points=1, needs="seven_segments", until=10)
def test_longest_line(server):
    """A line of 4,096 bytes comes whole."""
    ann, listener = server.pair()
    line = "0123456789abcdef" * 256
    ann.says(line, "short")
    listener.hears_from(ann, line, "short")


@check(points=1, needs="longest_line", until=10)
def test_too_long(server):
    """A line over 4,096 bytes is refused before its newline comes, and its connection closed."""
    ann, _ = server.pair()
    ann.sends(b"x" * 4097)
    ann.hears(TOO_LONG)
    ann.hears_end()


@check(needs="too_long", until=10)
def test_bytes_not_letters(server):
    """The limit counts bytes: 2,048 letters of two bytes each are a line, 2,049 are too long."""
    ann, listener = server.pair()
    ann.says("ж" * 2048)
    listener.hears_from(ann, "ж" * 2048)
    ann.sends("ж".encode() * 2049)
    ann.hears(TOO_LONG)
    ann.hears_end()


@check(needs="too_long", until=10)
def test_too_long_at_once(server):
    """A line over 4,096 bytes is refused when it comes with its newline, too."""
    ann, _ = server.pair()
    ann.sends(b"x" * 5000 + b"\n")
    ann.hears(TOO_LONG)
    ann.hears_end()


@check(points=1, needs="a_line", until=10)
def test_not_utf8(server):
    """A line that is not UTF-8 is refused, and its connection closed."""
    ann, _ = server.pair()
    ann.sends(b"caf\xe9\n")
    ann.hears(NOT_UTF8)
    ann.hears_end()


@check(needs="not_utf8", until=10)
def test_good_before_bad(server):
    """The good lines before a bad one are answered."""
    ann, listener = server.pair()
    ann.sends(b"good\n\xff\xfe\n")
    listener.hears_from(ann, "good")
    ann.hears(NOT_UTF8)
    ann.hears_end()


@check(points=1, needs="not_utf8", until=10)
def test_next_after_bad(server):
    """A bad line ends one connection, not the server."""
    ann, _ = server.pair()
    ann.sends(b"\xff\n")
    ann.hears(NOT_UTF8)
    ann.closes()
    eve = server.connect("eve")
    server.welcomes(eve)
    if server.stage < 5:
        eve.says("hello")
        eve.hears_from(eve, "hello")


@check(needs="three_in_one", until=4)
def test_answers_after_goodbye(server):
    """A client that says goodbye in a hurry still gets every answer."""
    (ann,) = server.join("ann")
    ann.sends(b"one\ntwo\n")
    ann.says_goodbye()
    ann.hears_from(ann, "one", "two")
    ann.hears_end()


@check(needs="answers_after_goodbye", until=4)
def test_half_a_line_at_goodbye(server):
    """Bytes after the last newline of a client that leaves are no line."""
    (ann,) = server.join("ann")
    ann.sends(b"one\ntw")
    ann.says_goodbye()
    ann.hears_from(ann, "one")
    ann.hears_end()


@check(needs="three_in_one", until=10)
def test_a_thousand(server):
    """A thousand lines in one go arrive, whole and in order."""
    ann, listener = server.pair()
    lines = [f"line {number} {'.' * (number % 97)}" for number in range(1000)]
    ann.pours("".join(line + "\n" for line in lines).encode())
    listener.hears_from(ann, *lines)


@check(points=1, until=10)
def test_client_lines(programs):
    """The client sends lines, and shows a line that comes in pieces, its letters cut, whole."""
    client, server = programs.connected_client()
    client.types("привет")
    server.hears("привет")
    data = "you said: привет\n".encode()
    server.sends(data[:11], data[11:])
    client.shows("you said: привет\n")


@check(until=10)
def test_client_last_line(programs):
    """A last line without a newline is sent with one."""
    client, server = programs.connected_client()
    client.process.stdin.write(b"the last")
    client.ends_typing()
    server.hears("the last")
    server.says("you said: the last")
    client.shows("you said: the last\n")
    server.hears_end()
    server.closes()
    client.ends(0)


@check(until=4)
def test_client_blanks(programs):
    """The client sends and shows blanks, and an empty line, as they are."""
    client, server = programs.connected_client()
    for line in ("  two before and one after ", "", "the end"):
        client.types(line)
        server.hears(line)
        server.says(f"you said: {line}")
        client.shows(f"you said: {line}\n")
