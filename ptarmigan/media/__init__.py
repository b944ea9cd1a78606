"""Writers of files for people: pictures, videos, plots, tables."""
