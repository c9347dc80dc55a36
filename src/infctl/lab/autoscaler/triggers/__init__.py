"""What a ScaledObject's triggers ask for, a file each; reading them is pure."""
