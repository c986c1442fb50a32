"""Logs that somebody watches: lines go from a Pi through Redis to one page, and are forgotten soon after.

`live-log:<id>` is a hash with what is followed, for whom, and how it stands; `:lines` has the lines; `:viewer` expires
unless the page asks for more. All of them are gone after a quarter of an hour.
"""
