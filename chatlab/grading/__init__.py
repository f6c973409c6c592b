"""Grading a class: each submission checked in isolation, one record for each, written as it comes.

`submissions` takes in what was handed in, `grade` makes the records, `reports` writes them for people and for other
systems. `sandbox` shuts a student's process in; `remote` is the checks' side of it, and `host` what runs inside.
"""
