"""The engine, pure: who may live where, how well it would fit, and why. NumPy only; no I/O and no clock."""
