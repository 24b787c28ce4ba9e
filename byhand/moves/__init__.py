"""Calculations that write their own steps: each computes by ``byhand.definitions`` and shows every number it used.

A move takes the sheet (:class:`byhand.trace.Work`) first, then values and the symbols they are written with, writes one
step for each number it finds, closes the part and returns its value.
"""
