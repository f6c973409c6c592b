"""What the lab says is compared with English texts, whatever the language of this machine."""

from chatlab.language import choose

choose("en")  # for the processes that tests start, too
