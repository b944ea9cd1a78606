"""Fields on a grid, such as weather: patches, downscaling, nowcasting."""
