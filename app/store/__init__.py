"""Where homes and referrals are kept: SQLite by default, PostgreSQL by its address. Plain functions.

`session` opens a database and its transactions, `load` reads, `save` writes, `follower` keeps the inventory
in memory and true to every change.
"""
