"""Models exported to ONNX: a worker runs them without torch, in less time and memory."""
