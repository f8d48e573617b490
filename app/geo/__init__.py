"""Where things are: postcodes, distances on the British National Grid, authorities and zones.

Nothing here knows about children, homes or policies, and nothing here reads the environment or a clock.
"""
