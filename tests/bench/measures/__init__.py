"""What is measured, one module per figure or group of figures."""
