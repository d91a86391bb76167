"""The operator process: composition root, run, shutdown, logs."""
