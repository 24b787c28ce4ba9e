"""Who competes. Each module has ``STEPS``: for each workload a function that builds the step to be timed."""
