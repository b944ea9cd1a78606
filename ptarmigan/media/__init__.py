"""Writers of what people look at: pictures, walks, plots."""
