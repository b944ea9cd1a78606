"""What is done with samples: generate, translate, detect."""
