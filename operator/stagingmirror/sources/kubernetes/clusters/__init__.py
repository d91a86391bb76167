"""Which cluster is which: the operator's own, and those of environments that name another one."""
