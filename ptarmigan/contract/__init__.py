"""What every recipe and every modality keeps."""
