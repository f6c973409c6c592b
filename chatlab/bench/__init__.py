"""How fast is a chat server? A load generator in C, the usual designs to compare with, and a report.

    load.c      plays all the clients of a run, checks every line that they hear, and prints what it measured
    servers.py  what can be measured: a student's file, ours, the peers; starts one and stops it
    host.py     runs one server.py in a process of its own
    measure.py  the regimes, the interleaved rounds, the medians of their ratios
    report.py   what limits each server, in words; the table, CSV and plots
    peers/      the usual designs, each as small as it can be; what state it keeps is told at its top

The peers speak what a stage's server speaks, without commands and notices: "you are client 3" to the one who joins,
and "client 3: hello" to all the others.
"""
