"""What people do with the latents of a trained generator: edit, project, choose."""
