"""Writing single fields of staging, and loader Jobs."""
