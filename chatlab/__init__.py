"""chatlab: the tool of a lab in which a student builds a multi-user chat with sockets and threads."""

__version__ = "0.1.0"
