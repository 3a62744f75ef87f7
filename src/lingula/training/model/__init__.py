"""What is trained: a pretrained encoder with label heads, its loss, its output and its figures."""
