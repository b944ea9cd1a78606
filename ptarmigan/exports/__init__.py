"""Trained runs as graphs that run without ptarmigan: ONNX, torch.export and Triton."""
