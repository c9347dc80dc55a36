"""The model server: MLServer with ONNX Runtime, device slots and checked artifacts.

Runs as `python -m model_server` in an environment of its own and imports nothing of infctl.
"""
