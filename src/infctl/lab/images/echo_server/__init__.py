"""The working folder of the image `infctl.dev/echo`."""
