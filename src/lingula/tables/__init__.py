"""Tables of reports and of labels: readers, writers, and the choice of columns."""
