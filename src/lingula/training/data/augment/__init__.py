"""New training texts from old ones: other orders, other company, other words."""
