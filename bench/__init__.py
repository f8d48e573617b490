"""Speed, measured against something else in the same run. Figures go to `bench/results/`."""
