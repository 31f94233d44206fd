"""The simulator: what is drawn (traces), what carries it (kernels and stations), what decides (control)."""
