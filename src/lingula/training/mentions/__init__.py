"""Training of the mention model: from sentences of ours and free text to the model that ships."""
